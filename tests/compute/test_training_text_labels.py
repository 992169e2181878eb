"""Text classification with several labels a text, and with numbers: read, trained, served."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.local import infer
from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.training_data import remarks, write_dataset
from tests.compute.training_trial import scores_of, train_one


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("model") / "tiny", "Model", spread=0.05)


def tagged(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Remarks with the labels ``good`` and ``long``, both, or none."""
    rows = remarks(number, seed)
    for row in rows:
        words = row["text"].split()
        long = ["long"] if "long" in words else []
        row["label"] = long + (["good"] if row["label"] else [])
    return rows


def rated(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Remarks with a number from 1000 to 1100."""
    rows = remarks(number, seed)
    for row in rows:
        row["label"] = 1000.0 + 100 * row["label"]
    return rows


def write(folder: Path, rows: Any, number: int = 640) -> Path:
    parts = {"train": rows(number), "validation": rows(60, 1), "test": rows(80, 2)}
    return write_dataset(folder, named=False, **parts)


TASK = "text-classification"


def answer(folder: Path, text: str) -> dict[str, float]:
    found = infer(folder, TASK, {"inputs": text})[0]
    return {entry["label"]: entry["score"] for entry in found}


def test_several_labels_are_learnt_and_answered_each_for_itself(
    tmp_path: Path, model: Path
) -> None:
    data = prepare(Settings(), write(tmp_path / "d", tagged)).data
    assert (data.problem, data.labels) == ("multi_label", ("good", "long"))
    trial, step = train_one(TASK, "full", data, model, tmp_path, 80)
    assert scores_of(TASK, data, trial, step)["f1_micro"] > 0.9
    trial.save(tmp_path / "saved", step)
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config["problem_type"] == "multi_label_classification"
    tokenizer = json.loads((tmp_path / "saved" / "tokenizer_config.json").read_text())
    assert tokenizer["model_max_length"] == 32  # of train_one: no more is seen than was scored
    both = answer(tmp_path / "saved", "the long film is good")
    none = answer(tmp_path / "saved", "a film was bad")
    assert min(both.values()) > 0.5 > max(none.values())


@pytest.mark.parametrize("family", ["full", "lora"])
def test_numbers_are_learnt_and_answered_in_their_own_unit(
    tmp_path: Path, model: Path, family: str
) -> None:
    data = prepare(Settings(), write(tmp_path / "d", rated)).data
    assert data.problem == "regression"
    trial, step = train_one(TASK, family, data, model, tmp_path, 80)
    before = scores_of(TASK, data, trial, step)
    assert before["rmse"] < 25
    trial.save(tmp_path / "saved", step)
    assert scores_of(TASK, data, trial, step) == before
    good, bad = (answer(tmp_path / "saved", f"a film was {word}") for word in ("good", "bad"))
    assert good == {"label": pytest.approx(1100, abs=25)}
    assert bad == {"label": pytest.approx(1000, abs=25)}


@pytest.mark.parametrize("family", ["words", "characters", "embeddings"])
def test_cheap_heads_know_both_kinds(tmp_path: Path, model: Path, family: str) -> None:
    for rows, metric in ((tagged, "f1_micro"), (rated, "spearman")):
        folder = tmp_path / metric
        data = prepare(Settings(), write(folder / "d", rows, 160)).data
        trial, step = train_one(TASK, family, data, model, folder, 1)
        assert scores_of(TASK, data, trial, step)[metric] > 0.8


def test_no_model_says_the_mean_whatever_the_text(tmp_path: Path, model: Path) -> None:
    data = prepare(Settings(), write(tmp_path / "d", rated, 160)).data
    trial, step = train_one(TASK, "guess", data, model, tmp_path, 1)
    scores = scores_of(TASK, data, trial, step)
    assert scores["rmse"] == pytest.approx(50, abs=2)
    assert math.isnan(scores["spearman"])


def test_a_run_ranks_by_what_fits_numbers(tmp_path: Path, model: Path) -> None:
    folder = write(tmp_path / "d", rated, 160)
    prepared = prepare(Settings(candidates=4, metric="spearman"), folder)
    record = Record.create(tmp_path / "runs")
    outcome = run(record, prepared.settings, prepared.data, model, Control())
    state = RunState.read(record.events())
    assert state.started["problem"] == "regression"
    assert [metric.name for metric in state.metrics] == ["spearman", "rmse", "mae"]
    assert all(row.status != "failed" for row in state.candidates.values())
    assert json.loads((outcome.folder / "metrics.json").read_text())["winner"]["test"]["rows"] == 80


def test_the_kind_of_label_is_told_by_the_column(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Sequence, Value

    rows = remarks(60)
    kind = Features({"text": Value("string"), "label": Sequence(ClassLabel(names=["x", "y", "z"]))})
    named = Dataset.from_list([{**row, "label": [row["label"]]} for row in rows], features=kind)
    (tmp_path / "named").mkdir()
    named.to_parquet(tmp_path / "named" / "train.parquet")
    data = prepare(Settings(), tmp_path / "named").data
    assert (data.problem, data.labels) == ("multi_label", ("x", "y", "z"))
    assert set(map(tuple, data.train.targets)) == {(1, 0, 0), (0, 1, 0)}

    marked = [{**row, "label": [row["label"], 1, 0]} for row in rows]
    data = prepare(Settings(), write_dataset(tmp_path / "marked", named=False, train=marked)).data
    assert data.labels == ("label_0", "label_1", "label_2")
    assert set(map(tuple, data.train.targets)) == {(1, 1, 0), (0, 1, 0)}

    scored = [{"text": row["text"], "rating": row["label"] / 2} for row in rows]
    prepared = prepare(Settings(), write_dataset(tmp_path / "scored", named=False, train=scored))
    assert prepared.data.problem == "regression"
    assert "text-classification (regression): text from 'text', label from 'rating'" in (
        prepared.sentence()
    )


def test_another_column_makes_another_problem(tmp_path: Path) -> None:
    rows = [{**row, "stars": float(row["label"])} for row in remarks(60)]
    folder = write_dataset(tmp_path / "d", train=rows)
    assert prepare(Settings(), folder).data.problem == "single_label"
    settings = Settings(columns={"label": "stars"})
    assert prepare(settings, folder).data.problem == "regression"


def test_columns_that_are_named_tell_the_task(tmp_path: Path) -> None:
    rows = [{"said": row["text"], "mood": float(row["label"])} for row in remarks(60)]
    folder = write_dataset(tmp_path / "d", named=False, train=rows)
    with pytest.raises(InvalidRequestError, match="task: cannot tell what the columns"):
        prepare(Settings(), folder)
    prepared = prepare(Settings(columns={"label": "mood"}), folder)
    assert prepared.settings.task == TASK
    assert prepared.data.columns == {"text": "said", "label": "mood"}


@pytest.mark.parametrize(
    ("labels", "settings", "words"),
    [
        ([None, 0.5], {}, "label-column: 20 rows of split 'train' have no finite number"),
        ([0.5, 0.5], {}, "label-column: 'label' is 0.5 in all training rows"),
        ([["a"], ["a"]], {}, "label-column: 'label' has the same labels in all training rows"),
        ([[["a"]], [["b"]]], {}, "label-column: 'label' holds neither classes nor numbers"),
        ([["a"], None], {}, "label-column: 20 rows of split 'train' have no 'label'"),
        ([0.5, 1.5], {"metric": "accuracy"}, "metric: 'accuracy' cannot rank candidates here; use"),
        ([["a"], ["b"]], {"metric": "rmse"}, "use f1_micro or f1 or subset_accuracy"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_in_one_sentence(
    tmp_path: Path, labels: list[Any], settings: dict[str, Any], words: str
) -> None:
    rows = [{"text": f"film {i}", "label": labels[i % 2]} for i in range(40)]
    parts = {"train": rows, "validation": rows[:10], "test": rows[:10]}
    folder = write_dataset(tmp_path / "d", named=False, **parts)
    with pytest.raises(InvalidRequestError) as refused:
        prepare(Settings(task="text-classification", **settings), folder)
    assert words in refused.value.message


def test_a_label_that_no_training_row_has_is_refused(tmp_path: Path) -> None:
    train = [{"text": f"film {i}", "label": [("a", "b")[i % 2]]} for i in range(40)]
    other = [{"text": "film", "label": ["c"]}] * 10
    folder = write_dataset(tmp_path / "d", named=False, train=train, validation=other, test=train)
    with pytest.raises(InvalidRequestError, match="split 'validation' has a label 'c'"):
        prepare(Settings(), folder)
