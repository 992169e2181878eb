"""``%phub train`` without a base model: a table in, a model that the hub answers with at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, InferenceClient
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from phub_magics.push import TrainingResult
from tests.compute.training_data import remarks, write_dataset
from tests.conftest import HubServer
from tests.magics.shells import hub_shell

FLOWERS, REMARKS, MODEL = "ada/flowers", "ada/remarks", "ada/iris"


def flowers() -> list[dict[str, Any]]:
    from sklearn.datasets import load_iris

    found: Any = load_iris()
    names = [name.split(" (")[0] for name in found.feature_names]
    return [
        {**dict(zip(names, map(float, row), strict=True)), "label": str(found.target_names[kind])}
        for row, kind in zip(found.data, found.target, strict=True)
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("served")
    folders = {
        FLOWERS: write_dataset(root / "flowers", named=False, train=flowers()),
        REMARKS: write_dataset(root / "remarks", train=remarks(60)),
    }
    running = HubServer(root / "hub")
    try:
        running.add_user("ada")
        api = HfApi(endpoint=running.endpoint, token=running.token())
        for name, folder in folders.items():
            api.create_repo(name, repo_type="dataset")
            api.upload_folder(repo_id=name, repo_type="dataset", folder_path=folder)
        yield running
    finally:
        running.close()


@pytest.fixture
def shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JPY_SESSION_NAME", "")
    with hub_shell(server, monkeypatch, tmp_path) as running:
        monkeypatch.setenv("PHUB_TOKEN", server.token())
        yield running


def test_a_table_becomes_a_model_that_the_hub_serves(
    shell: InteractiveShell, server: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"train --dataset {FLOWERS} --to {MODEL} --candidates 3"
    result = shell.run_line_magic("phub", line)
    assert isinstance(result, TrainingResult)
    assert result.scores.values["accuracy"] > 0.8
    shown = capsys.readouterr().out
    assert "tabular-classification: numbers from 'sepal length, sepal width" in shown
    assert "3 classes" in shown

    api = HfApi(endpoint=server.endpoint, token=server.token())
    info = api.model_info(MODEL)
    assert (info.pipeline_tag, info.library_name) == ("tabular-classification", "sklearn")
    assert {file.rfilename for file in info.siblings or []} == {
        *(".gitattributes", "README.md", "config.json"),
        *("metrics.json", "model.skops", "phub_card.json", "phub_run.jsonl", "provenance.json"),
    }
    table = {
        "sepal length": ["5.1", "6.3"],
        "sepal width": ["3.5", "3.3"],
        "petal length": ["1.4", "6.0"],
        "petal width": ["0.2", "2.5"],
    }
    client = InferenceClient(f"{server.endpoint}/models/{MODEL}", token=server.token())
    assert client.tabular_classification(table) == ["setosa", "virginica"]

    (row,) = shell.run_line_magic("phub", "runs").rows
    assert (row[2], row[3], row[-1]) == ("", FLOWERS, MODEL)
    up = shell.run_line_magic("phub", f"lineage {MODEL}").rows
    assert (f"dataset of {MODEL}", "dataset", FLOWERS, api.dataset_info(FLOWERS).sha) in up
    assert not [row for row in up if row[0].startswith("base model")]
    with pytest.raises(UsageError, match=f"is complete and was pushed to {MODEL}"):
        shell.run_line_magic("phub", "train --resume")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (REMARKS, "model: missing; text-classification starts from one, add --model"),
        (f"{FLOWERS} --task text-classification", "model: missing; text-classification starts"),
        (f"{FLOWERS} --task tabular-regression", "label-column: 'label' holds words, not numbers"),
        (f"{FLOWERS} --metric rmse", "metric: 'rmse' cannot rank candidates; use accuracy"),
    ],
)
def test_what_cannot_be_trained_without_a_model_is_refused(
    shell: InteractiveShell, words: str, sentence: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        shell.run_line_magic("phub", f"train --dataset {words} --to ada/refused")
    assert sentence in str(refusal.value)
    assert shell.run_line_magic("phub", "runs").rows == []


def test_a_run_without_a_model_is_resumed(
    shell: InteractiveShell, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise ConnectionError("nobody is there")

    with monkeypatch.context() as broken:
        broken.setattr(HfApi, "upload_folder", unreachable)
        with pytest.raises(UsageError, match="hub cannot be reached"):
            shell.run_line_magic("phub", f"train --dataset {FLOWERS} --to ada/later --candidates 2")
    result = shell.run_line_magic("phub", "train --resume")
    api = HfApi(endpoint=server.endpoint, token=server.token())
    assert api.model_info("ada/later").sha == result.commit


def test_a_second_run_keeps_what_people_wrote_into_the_card(
    shell: InteractiveShell, server: HubServer, tmp_path: Path
) -> None:
    api = HfApi(endpoint=server.endpoint, token=server.token())

    def read() -> str:
        return Path(api.hf_hub_download("ada/kept", "README.md", local_dir=tmp_path)).read_text()

    line = f"train --dataset {FLOWERS} --to ada/kept --candidates 2"
    shell.run_line_magic("phub", f"{line} --seed 1")
    edited = read().replace("## Limits", "## Our limits").replace("pipeline_tag", "tags: [iris]\np")
    edited = edited.replace("tags: [iris]\np:", "tags: [iris]\npipeline_tag:") + "\nAsk Ada.\n"
    api.upload_file(path_or_fileobj=edited.encode(), path_in_repo="README.md", repo_id="ada/kept")
    result = shell.run_line_magic("phub", f"{line} --seed 2")
    card = read()
    assert "## Our limits" in card
    assert "## Limits" not in card
    assert "Ask Ada." in card
    assert "Seed: 2." in card
    assert "Seed: 1." not in card
    info = api.model_info("ada/kept")
    assert (info.sha, "iris" in (info.tags or [])) == (result.commit, True)
