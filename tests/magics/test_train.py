"""``%phub train`` against a real hub with a tiny model: what is pushed, what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from huggingface_hub import HfApi, hf_hub_download
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from phub_jupyter.compute.training import Record
from phub_jupyter.compute.training.state import RunState
from phub_magics.display import as_html, as_text
from phub_magics.live_table import LiveTable
from phub_magics.notebook_state import NotebookState, notebook_sentence
from phub_magics.push import TrainingResult
from tests.compute.training_data import remarks, write_dataset
from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server

DATASET = "ada/remarks"
CARD = "---\nlicense: mit\n---\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("served")
    rows = {"validation": remarks(40, 1), "test": remarks(60, 2)}
    folders = {
        DATASET: write_dataset(root / "remarks", train=remarks(320), **rows),
        "ada/unlabelled": write_dataset(
            root / "unlabelled", train=[{"text": row["text"]} for row in remarks(40)]
        ),
        "ada/monotone": write_dataset(
            root / "monotone", train=[{**row, "label": 0} for row in remarks(40)]
        ),
    }
    with model_server(root) as running:
        api = HfApi(endpoint=running.endpoint, token=running.token())
        for name, folder in folders.items():
            (folder / "README.md").write_text(CARD, "utf-8")
            api.create_repo(name, repo_type="dataset", private=True)
            api.upload_folder(repo_id=name, repo_type="dataset", folder_path=folder)
        yield running


@pytest.fixture
def shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("PHUB_ENDPOINT", server.endpoint)
    monkeypatch.setenv("PHUB_TOKEN", server.token())
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JPY_SESSION_NAME", "")
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "phub_jupyter")
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def train(shell: InteractiveShell, target: str, more: str = "", **changed: str) -> Any:
    words = {"model": REPO, "dataset": DATASET, "candidates": "2", "to": target, **changed}
    line = " ".join(f"--{name} {value}" for name, value in words.items())
    return shell.run_line_magic("phub", f"train {line} {more}")


def runs() -> list[Path]:
    return sorted((Path(os.environ["JUPYTER_DATA_DIR"]) / "phub" / "runs").glob("*"))


def fetch(server: HubServer, repo: str, name: str, folder: Path) -> Path:
    return Path(
        hf_hub_download(
            repo, name, endpoint=server.endpoint, token=server.token(), local_dir=folder
        )
    )


def result_on_validation(run: str) -> float:
    (folder,) = (folder for folder in runs() if folder.name == run)
    state = RunState.read(Record(folder).events())
    scores = state.candidates[str(state.winner)].validation
    assert scores is not None
    return scores.values["accuracy"]


def test_the_best_fine_tune_is_pushed_with_everything_known_about_it(
    shell: InteractiveShell, server: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = train(shell, "ada/trained")
    assert isinstance(result, TrainingResult)
    assert shell.user_ns["phub_last_run"] is result
    assert "Pushed ada/trained" in repr(result)
    assert "Fine-tune" in capsys.readouterr().out

    api = HfApi(endpoint=server.endpoint, token=server.token())
    info = api.model_info("ada/trained")
    assert info.sha == result.commit
    assert info.private
    assert info.pipeline_tag == "text-classification"
    assert {file.rfilename for file in info.siblings or []} == {
        ".gitattributes",
        "README.md",
        "config.json",
        "learning_curves.json",
        "learning_curves.svg",
        "metrics.json",
        "model.safetensors",
        "phub_card.json",
        "phub_run.jsonl",
        "provenance.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    card = fetch(server, "ada/trained", "README.md", tmp_path).read_text()
    assert str(api.model_info(REPO).sha) in card
    assert str(api.dataset_info(DATASET).sha) in card
    assert "Started outside a saved notebook" in card
    metrics = json.loads(fetch(server, "ada/trained", "metrics.json", tmp_path).read_text())
    assert "](learning_curves.svg)" in card
    curves = json.loads(fetch(server, "ada/trained", "learning_curves.json", tmp_path).read_text())
    (curve,) = curves["candidates"]
    assert curve["winner"]
    steps = [step for step, _ in curve["loss"]]
    assert steps == list(range(1, metrics["winner"]["steps"] + 1))
    assert all(loss > 0 for _, loss in curve["loss"])
    assert curve["validation"][-1][1] == result_on_validation(result.run)
    picture = fetch(server, "ada/trained", "learning_curves.svg", tmp_path).read_text()
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme:dark" in picture
    view = shell.run_line_magic("phub", f"runs {result.run}")
    assert "<svg" in view._repr_html_()
    assert f"{curve['name']}: loss " in repr(view)
    with pytest.raises(UsageError, match="there is no run 'nothing'"):
        shell.run_line_magic("phub", "runs nothing")
    assert metrics["candidates"] == 2
    assert metrics["winner"]["test"] == result.scores.as_json()


def test_others_become_branches_with_cards_of_their_own(
    shell: InteractiveShell, server: HubServer, tmp_path: Path
) -> None:
    result = train(shell, "ada/several", "--push 2", candidates="6")
    api = HfApi(endpoint=server.endpoint, token=server.token())
    (branch,) = result.branches
    refs = {ref.name: ref.target_commit for ref in api.list_repo_refs("ada/several").branches}
    assert refs == {"main": result.commit, branch: result.branches[branch]}
    for name, split in (("main", "test"), (branch, "validation")):
        files = {file.path for file in api.list_repo_tree("ada/several", revision=name)}
        assert {"model.safetensors", "config.json", "metrics.json", "README.md"} <= files
        card = hf_hub_download(
            "ada/several",
            "README.md",
            revision=name,
            endpoint=server.endpoint,
            token=server.token(),
            local_dir=tmp_path / name,
        )
        assert f"On the {split} rows" in Path(card).read_text()
    again = shell.run_line_magic("phub", f"runs push {result.run} --push 2")
    assert again.branches.keys() == {branch}
    with pytest.raises(UsageError, match="is not best, all or a whole number"):
        train(shell, "ada/several", "--push none")


def test_public_and_private_are_as_asked(shell: InteractiveShell, server: HubServer) -> None:
    train(shell, "ada/open", "--public", candidates="1")
    api = HfApi(endpoint=server.endpoint, token=server.token())
    assert not api.model_info("ada/open").private


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"model": "ada/nothing"}, "model: 'ada/nothing' does not exist on this hub"),
        ({"dataset": "ada/nothing"}, "dataset: 'ada/nothing' does not exist on this hub"),
        ({"dataset": "ada/unlabelled"}, "task: cannot tell what the columns 'text' are for"),
        ({"dataset": "ada/monotone"}, "label-column: 'label' has only the class 'negative'"),
        ({"task": "fill-mask"}, "task: 'fill-mask' cannot be trained yet"),
        ({"metric": "charm"}, "metric: 'charm' cannot rank candidates"),
        ({"on": "ray"}, "PHUB_RAY_ADDRESS: no Ray cluster is configured"),
    ],
)
def test_a_refusal_changes_nothing(
    shell: InteractiveShell, server: HubServer, changed: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        train(shell, "ada/refused", **changed)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert runs() == []
    api = HfApi(endpoint=server.endpoint, token=server.token())
    assert not api.repo_exists("ada/refused")


def test_somebody_elses_namespace_is_refused_before_training(
    shell: InteractiveShell, server: HubServer
) -> None:
    with pytest.raises(UsageError, match="to: "):
        train(shell, "bob/mine")
    assert runs() == []


@pytest.fixture
def heard() -> Iterator[None]:
    """Interrupts are heard as in a kernel, also where a shell started us to ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_an_interrupt_keeps_the_record_and_resume_finishes_it(
    shell: InteractiveShell, server: HubServer
) -> None:
    def interrupt() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if runs() and any(event["event"] == "progress" for event in Record(runs()[0]).events()):
                break
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(UsageError, match=r"Go on with: %phub train --resume \S+$"):
        train(shell, "ada/resumed", candidates="6")
    (folder,) = runs()
    stopped = RunState.read(Record(folder).events())
    assert stopped.status == "stopped"
    api = HfApi(endpoint=server.endpoint, token=server.token())
    step = max(row.step for row in stopped.candidates.values())
    assert 0 < step < stopped.plan.rungs[-1]

    result = shell.run_line_magic("phub", "train --resume")
    assert result.run == folder.name
    assert api.model_info("ada/resumed").sha == result.commit
    (row,) = shell.run_line_magic("phub", "runs").rows
    assert (row[0], row[2], row[-1]) == (folder.name, REPO, "ada/resumed")
    with pytest.raises(UsageError, match="was pushed to ada/resumed already"):
        shell.run_line_magic("phub", f"runs push {folder.name}")
    with pytest.raises(UsageError, match="is complete and was pushed to ada/resumed"):
        shell.run_line_magic("phub", f"train --resume {folder.name}")


def test_a_push_that_failed_is_finished_later(
    shell: InteractiveShell, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise ConnectionError("nobody is there")

    with monkeypatch.context() as broken:
        broken.setattr(HfApi, "upload_folder", unreachable)
        with pytest.raises(UsageError, match="hub cannot be reached"):
            train(shell, "ada/pushed-later", candidates="1")
    (row,) = shell.run_line_magic("phub", "runs").rows
    assert row[1] == "ready to push"
    result = shell.run_line_magic("phub", f"runs push {row[0]}")
    api = HfApi(endpoint=server.endpoint, token=server.token())
    assert api.model_info("ada/pushed-later").sha == result.commit


def test_lineage_goes_both_ways(shell: InteractiveShell, server: HubServer) -> None:
    train(shell, "ada/grandchild", candidates="1")
    api = HfApi(endpoint=server.endpoint, token=server.token())
    up = shell.run_line_magic("phub", "lineage ada/grandchild").rows
    base = ("base model of ada/grandchild", "model", REPO, api.model_info(REPO).sha)
    assert base in up
    dataset = ("dataset of ada/grandchild", "dataset", DATASET, api.dataset_info(DATASET).sha)
    assert dataset in up
    for source in (REPO, DATASET):
        down = shell.run_line_magic("phub", f"lineage {source}").rows
        assert "ada/grandchild" in [row[2] for row in down if row[0] == "trained from this"]
    with pytest.raises(UsageError, match="'ada/nothing' does not exist"):
        shell.run_line_magic("phub", "lineage ada/nothing")


def test_in_the_background_the_cell_comes_back_at_once(shell: InteractiveShell) -> None:
    job = train(shell, "ada/later", "--background")
    shown = repr(job)
    assert "running" in shown or "waiting" in shown
    result = job.wait(120)
    assert result.repo_id == "ada/later"


def test_the_buttons_cancel_what_they_say(tmp_path: Path, shell: InteractiveShell) -> None:
    from phub_jupyter.compute.training import Candidate, Control, Plan

    record, control = Record.create(tmp_path), Control()
    names = ("No model", "Fine-tune 1", "Fine-tune 2")
    candidates = (Candidate(f"c{n}", name, "full") for n, name in enumerate(names, start=1))
    record.append(
        "started",
        settings={"task": "text-classification", "metric": "accuracy"},
        plan=Plan(tuple(candidates), (40,), 40).as_json(),
        rows={"train": 1000},
    )
    shell.kernel = None  # as in a notebook
    table = LiveTable(shell, record, control)
    table.update()
    buttons = {button.description: button for button in table.buttons.values()}
    buttons["Cancel Fine-tune 1"].click()
    assert not control.may_step("c2")
    assert control.may_step("c3")
    assert buttons["Cancel Fine-tune 1"].disabled
    table.pins["c3"].click()
    assert control.pinned("c3")
    assert table.pins["c3"].disabled
    buttons["Cancel all"].click()
    assert control.stopped
    table.close()


def test_the_table_escapes_what_strangers_named(tmp_path: Path) -> None:
    state = RunState()
    row = {"id": "c1", "name": "<script>", "family": "words", "parameters": {"C": "<b>"}}
    state.apply(
        {
            "event": "started",
            "plan": {"candidates": [row], "rungs": [40], "epoch": 40},
            "rows": {"train": 1},
            "settings": {"task": "text-classification", "metric": "accuracy"},
        }
    )
    html = as_html(state, "<run>")
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<run>" not in html
    assert "<script>" in as_text(state, "run")


class Cell:
    """A shell that runs one cell."""

    def __init__(self, code: str) -> None:
        self._code = code

    def get_parent(self) -> dict[str, Any]:
        return {"content": {"code": self._code}}


def test_the_card_knows_unsaved_and_uncommitted_notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = tmp_path / "work.ipynb"
    cell = {"cell_type": "code", "source": ["%phub train\n", "1"]}
    notebook.write_text(json.dumps({"cells": [cell]}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    saved, changed = Cell("%phub train\n1"), Cell("%phub train --seed 2")
    assert "was saved and was not under version control" in notebook_sentence(
        NotebookState.of(saved)
    )
    assert "had unsaved changes" in notebook_sentence(NotebookState.of(changed))

    def git(*words: str) -> None:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True)

    git("init", "-q")
    assert "was not under version control" in notebook_sentence(NotebookState.of(saved))
    git("add", "work.ipynb")
    git("commit", "-qm", "work")
    assert "was saved and was committed (git commit `" in notebook_sentence(NotebookState.of(saved))
    notebook.write_text(json.dumps({"cells": [cell, cell]}))
    assert "was saved and had uncommitted changes" in notebook_sentence(NotebookState.of(saved))
