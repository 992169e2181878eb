"""``%phub evaluate --trust``: code of a repository as a metric, and never unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from phub_jupyter.eval_results import read_results
from tests.compute.training_data import remarks, write_dataset
from tests.conftest import HubServer
from tests.magics.shells import hub_shell
from tests.server.model_server import REPO, model_server

DATASET = "ada/remarks"
METRIC = "ada/cost"
CODE = b"""
import pathlib

pathlib.Path("it-ran").write_text("yes")
METRIC = {"label": "Share of mistakes", "higher_is_better": False}


def compute(references, predictions):
    assert set(references) <= {"negative", "neutral", "positive"}, references
    wrong = sum(right != said for right, said in zip(references, predictions, strict=True))
    return wrong / len(references)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("served")
    with model_server(root) as running:
        api = HfApi(endpoint=running.endpoint, token=running.token())
        folder = write_dataset(root / "remarks", test=remarks(60, 2))
        api.create_repo(DATASET, repo_type="dataset")
        api.upload_folder(repo_id=DATASET, repo_type="dataset", folder_path=folder)
        api.create_repo(METRIC, repo_type="space", space_sdk="static")
        yield running


@pytest.fixture
def shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    with hub_shell(server, monkeypatch, tmp_path) as running:
        monkeypatch.setenv("PHUB_TOKEN", server.token())
        yield running


def commit(server: HubServer, code: bytes) -> str:
    api = HfApi(endpoint=server.endpoint, token=server.token())
    done = api.upload_file(
        repo_id=METRIC, repo_type="space", path_or_fileobj=code, path_in_repo="metric.py"
    )
    return str(done.oid)


def evaluate(shell: InteractiveShell, more: str) -> object:
    line = f"evaluate --model {REPO} --dataset {DATASET} {more}"
    return shell.run_line_magic("phub", line)


def test_a_trusted_metric_is_computed_shown_and_pushed(
    shell: InteractiveShell, server: HubServer, tmp_path: Path
) -> None:
    oid = commit(server, CODE)
    view = evaluate(shell, f"--metric accuracy,{METRIC} --trust {METRIC}@{oid[:12]} --push")
    report = view.report  # type: ignore[attr-defined]
    scores = report.models[0].scores
    assert scores[METRIC].value == pytest.approx(1 - scores["accuracy"].value)
    assert scores[METRIC].stderr == pytest.approx(scores["accuracy"].stderr, rel=0.2)
    shown = view._repr_html_()  # type: ignore[attr-defined]
    assert "Share of mistakes (less is better)" in shown
    api = HfApi(endpoint=server.endpoint, token=server.token())
    file = api.hf_hub_download(REPO, ".eval_results/ada--remarks.yaml", local_dir=tmp_path)
    results = {each.metric: each for each in read_results(Path(file).read_text())}
    assert results[METRIC].value == pytest.approx(scores[METRIC].value, abs=1e-6)
    assert f"{METRIC}@{oid}" in results[METRIC].notes


def test_code_that_nobody_trusts_does_not_run(
    shell: InteractiveShell, server: HubServer, tmp_path: Path
) -> None:
    trusted = commit(server, CODE)
    newer = commit(server, CODE + b"# newer\n")
    with pytest.raises(UsageError, match=f"--trust {METRIC}@{newer[:12]}"):
        evaluate(shell, f"--metric {METRIC}")
    with pytest.raises(UsageError, match="has no commit 0000000"):
        evaluate(shell, f"--metric {METRIC} --trust {METRIC}@0000000")
    with pytest.raises(UsageError, match="not of the form"):
        evaluate(shell, f"--metric {METRIC} --trust {METRIC}@main")
    with pytest.raises(UsageError, match="ada/other is not used"):
        evaluate(shell, f"--metric accuracy --trust ada/other@{trusted}")
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (b"raise RuntimeError('no')", "cannot be loaded .RuntimeError: no"),
        (b"compute = 3", "needs a function compute"),
        (b"def compute(references, predictions):\n    return 'many'", "failed .ValueError"),
        (b"def compute(references, predictions):\n    return 1 / 0", "failed .ZeroDivision"),
    ],
)
def test_code_that_fails_is_one_sentence(
    shell: InteractiveShell, server: HubServer, code: bytes, message: str
) -> None:
    oid = commit(server, code)
    with pytest.raises(UsageError, match=message) as mistake:
        evaluate(shell, f"--metric {METRIC} --trust {METRIC}@{oid}")
    assert "\n" not in str(mistake.value)
