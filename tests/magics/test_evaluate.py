"""``%phub evaluate`` against a real hub: what is shown, what is pushed, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, ModelCard, hf_hub_download
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from phub_jupyter.compute.evaluation.report import Bin
from phub_jupyter.eval_results import read_results
from phub_magics import evaluation_job
from phub_magics.evaluation_charts import calibration_chart, confusion_chart
from phub_magics.evaluation_view import EvaluationView
from tests.compute.tiny_classifier import make_classifier
from tests.compute.training_data import remarks, write_dataset
from tests.conftest import HubServer
from tests.server.model_server import REPO, model_server

DATASET = "ada/remarks"
OTHER = "bob/other"
FILE = ".eval_results/ada--remarks.yaml"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("served")
    with model_server(root) as running:
        api = HfApi(endpoint=running.endpoint, token=running.token())
        folder = write_dataset(root / "remarks", test=remarks(90, 2), validation=remarks(20, 1))
        api.create_repo(DATASET, repo_type="dataset")
        api.upload_folder(repo_id=DATASET, repo_type="dataset", folder_path=folder)
        other = HfApi(endpoint=running.endpoint, token=running.token("bob"))
        model = make_classifier(root / "other", seed=8)
        (model / "README.md").write_text("---\npipeline_tag: text-classification\n---\n# Other\n")
        other.create_repo(OTHER)
        other.upload_folder(repo_id=OTHER, folder_path=model)
        yield running


@pytest.fixture
def shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("PHUB_ENDPOINT", server.endpoint)
    monkeypatch.setenv("PHUB_TOKEN", server.token())
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "phub_jupyter")
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def evaluate(shell: InteractiveShell, more: str = "", models: str = REPO) -> Any:
    line = f"evaluate --model {models} --dataset {DATASET} {more}"
    return shell.run_line_magic("phub", line)


def fetch(server: HubServer, repo: str, name: str, revision: str, folder: Path) -> str:
    path = hf_hub_download(
        repo,
        name,
        revision=revision,
        endpoint=server.endpoint,
        token=server.token(),
        local_dir=folder,
    )
    return Path(path).read_text()


def test_a_report_is_shown_and_nothing_is_pushed_unasked(
    shell: InteractiveShell, server: HubServer
) -> None:
    api = HfApi(endpoint=server.endpoint, token=server.token())
    before = api.model_info(REPO).sha
    view = evaluate(shell, "--metric accuracy,f1,ece --slice label", f"{REPO},{OTHER}")
    assert isinstance(view, EvaluationView)
    assert shell.user_ns["phub_last_evaluation"] is view
    text = repr(view)
    assert "text-classification on ada/remarks, split 'test', 90 rows; text from 'text'" in text
    assert "Calibration error (less is better)" in text
    assert "Worst mistakes of ada/tiny:" in text
    assert "positive" in text
    assert "Nothing was pushed" in text
    html = view._repr_html_()
    assert html.count("<svg") == 4
    assert "<script" not in html
    assert api.model_info(REPO).sha == before
    assert len(list((view.folder / "predictions").glob("*.jsonl"))) == 2


def test_results_are_committed_or_proposed(
    shell: InteractiveShell, server: HubServer, tmp_path: Path
) -> None:
    api = HfApi(endpoint=server.endpoint, token=server.token())
    evaluated = str(api.model_info(REPO).sha)
    view = evaluate(shell, "--metric accuracy --push --rows 40", f"{REPO},{OTHER}")
    mine, other = view.pushed
    assert mine.proposal is None
    (result,) = read_results(fetch(server, REPO, FILE, "main", tmp_path / "mine"))
    score = view.report.models[0].scores["accuracy"]
    assert result.value == pytest.approx(score.value, abs=1e-6)
    assert (result.rows, result.split) == (40, "test")
    assert result.model_commit == evaluated
    assert result.dataset_commit == api.dataset_info(DATASET).sha
    card = ModelCard(fetch(server, REPO, "README.md", "main", tmp_path / "mine"))
    assert [each.metric_type for each in card.data.eval_results or []] == ["accuracy"]
    assert api.model_info(REPO).pipeline_tag == "text-classification"

    (proposal,) = api.get_repo_discussions(OTHER, discussion_type="pull_request")
    assert other.proposal is not None
    assert other.proposal.endswith(f"/discussions/{proposal.num}")
    proposed = fetch(server, OTHER, FILE, f"refs/pr/{proposal.num}", tmp_path / "other")
    assert read_results(proposed)[0].value == view.report.models[1].scores["accuracy"].value
    assert "proposed to bob/other, where you may not write" in repr(view)

    evaluate(shell, "--metric accuracy,f1 --push --rows 40")
    again = read_results(fetch(server, REPO, FILE, "main", tmp_path / "again"))
    assert [each.metric for each in again] == ["accuracy", "f1"]


def test_an_interrupted_evaluation_goes_on(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(evaluation_job.ProgressLine):
        def show(self, model: str, done: int, rows: int) -> None:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evaluation_job, "ProgressLine", Interrupted)
        patch.setattr(evaluation_job, "_REFRESH", 0.0)
        with pytest.raises(UsageError, match="Stopped; what was answered is kept") as stopped:
            evaluate(shell, "--metric accuracy")
    name = str(stopped.value).split()[-1]
    view = shell.run_line_magic("phub", f"evaluate --resume {name}")
    assert view.folder.name == name
    assert (view.report.rows, list(view.report.metrics)) == (90, ["accuracy"])


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("--split train", "split: there is no 'train'; the dataset has"),
        ("--metric bleu", "metric: 'bleu' is none of text-classification"),
        ("--slice author", "slice: the dataset has no column 'author'"),
        ("--column text=body", "text-column: the dataset has no column 'body'"),
        ("--task fill-mask", "task: models for 'fill-mask' cannot be evaluated yet"),
        ("--model ada/nothing", "model: 'ada/nothing' does not exist on this hub"),
        ("--label negative=angry", "label: the dataset has no class 'angry'"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    shell: InteractiveShell, more: str, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        evaluate(shell, more)


def test_what_is_missing_is_named(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="model: missing"):
        shell.run_line_magic("phub", "evaluate --dataset ada/remarks")
    with pytest.raises(UsageError, match="dataset: missing"):
        shell.run_line_magic("phub", f"evaluate --model {REPO}")
    with pytest.raises(UsageError, match="there is no evaluation 'yesterday'"):
        shell.run_line_magic("phub", "evaluate --resume yesterday")


def test_charts_show_names_as_text() -> None:
    chart = confusion_chart(["<b>", "plain"], [[3, 1], [0, 2]])
    assert "&lt;b&gt;" in chart
    assert "<b>" not in chart
    assert calibration_chart([Bin(10, 0.9, 0.5)]).count("<circle") == 1
