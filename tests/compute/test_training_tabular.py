"""Models over tables: real data of scikit-learn, gaps and words, and what cannot be learnt."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.local import infer
from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.card import model_card
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.training_data import write_dataset
from tests.compute.training_trial import scores_of, train_one

CLASSES, NUMBERS = "tabular-classification", "tabular-regression"
FAMILIES = ("linear", "forest", "boosting")


def bundled(name: str) -> list[dict[str, Any]]:
    """A dataset of scikit-learn as rows, with names as labels where it has classes."""
    from sklearn import datasets

    found: Any = getattr(datasets, f"load_{name}")(as_frame=True)
    rows: list[dict[str, Any]] = found.frame.to_dict("records")
    if hasattr(found, "target_names"):
        rows = [{**row, "target": str(found.target_names[int(row["target"])])} for row in rows]
    random.Random(0).shuffle(rows)
    return rows


def flats(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """Made-up flats: gaps in both kinds of columns, and columns that say nothing."""
    generator = random.Random(seed)
    rows = []
    for index in range(number):
        town, size = generator.choice(("Bonn", "Ulm", "Graz")), generator.uniform(20, 120)
        rent = size * {"Bonn": 14, "Ulm": 9, "Graz": 11}[town] + generator.gauss(0, 20)
        rows.append(
            {
                "size": None if index % 9 == 0 else size,
                "town": None if index % 11 == 0 else town,
                "balcony": index % 3 == 0,
                "country": "DE",
                "remark": f"flat number {index} of {seed}",
                "rent": rent,
            }
        )
    return rows


def read(folder: Path, rows: list[dict[str, Any]], **columns: str) -> Data:
    return prepare(Settings(columns=columns), write_dataset(folder, train=rows), False).data


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return read(tmp_path_factory.mktemp("iris"), bundled("iris"))


@pytest.fixture(scope="module")
def rents(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = write_dataset(tmp_path_factory.mktemp("rents"), train=flats(400), test=flats(100, 1))
    return prepare(Settings(task=NUMBERS, columns={"label": "rent"}), folder, False).data


def test_the_task_and_the_columns_are_inferred(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "iris", train=bundled("iris"))
    found = prepare(Settings(), folder, has_model=False)
    assert found.settings.task == CLASSES
    assert found.settings.metric == "accuracy"
    assert found.data.labels == ("setosa", "versicolor", "virginica")
    assert "numbers from 'sepal length (cm), sepal width (cm)" in found.sentence()
    folder = write_dataset(tmp_path / "diabetes", train=bundled("diabetes"))
    found = prepare(Settings(), folder, has_model=False)
    assert (found.settings.task, found.settings.metric) == (NUMBERS, "rmse")
    with pytest.raises(InvalidRequestError, match="starts from none; leave --model out"):
        prepare(Settings(), folder)


def test_columns_that_say_nothing_are_left_out_and_named(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "flats", train=flats(120))
    found = prepare(Settings(task=NUMBERS, columns={"label": "rent"}), folder, False)
    assert list(found.data.train.inputs) == ["size", "town", "balcony"]
    assert "nothing from 'country, remark'" in found.sentence()
    chosen = Settings(task=NUMBERS, columns={"label": "rent", "input": "town, size"})
    assert list(prepare(chosen, folder, False).data.train.inputs) == ["town", "size"]


@pytest.mark.parametrize("family", FAMILIES)
def test_real_flowers_are_told_apart_and_served(family: str, iris: Data, tmp_path: Path) -> None:
    trial, step = train_one(CLASSES, family, iris, tmp_path, tmp_path, 1)
    assert scores_of(CLASSES, iris, trial, step)["accuracy"] > 0.85
    trial.release()
    rows = trial.predict("test", step)
    expected = [iris.labels[row.index(max(row))] for row in rows]
    trial.save(tmp_path / "out", step)
    table = {name: [str(v) for v in values] for name, values in iris.test.inputs.items()}
    assert infer(tmp_path / "out", CLASSES, {"inputs": {"data": table}}) == expected
    trial.discard()
    assert not (tmp_path / "c1").exists()


@pytest.mark.parametrize("family", FAMILIES)
def test_gaps_and_unknown_words_are_no_obstacle(family: str, rents: Data, tmp_path: Path) -> None:
    trial, step = train_one(NUMBERS, family, rents, tmp_path, tmp_path, 1)
    guess, _ = train_one(NUMBERS, "guess", rents, tmp_path, tmp_path, 1)
    rmse = scores_of(NUMBERS, rents, trial, step)["rmse"]
    assert rmse < 0.6 * scores_of(NUMBERS, rents, guess, 1)["rmse"]
    trial.save(tmp_path / "out", step)
    table = {
        "size": ["60", None, "60"],
        "town": ["Bonn", "Bonn", "Paris"],
        "balcony": [True, False, None],
    }
    answer = infer(tmp_path / "out", NUMBERS, {"table": table, "parameters": {}})
    assert len(answer) == 3
    assert all(math.isfinite(value) for value in answer)
    assert answer[0] == pytest.approx(60 * 14, abs=120)


def test_a_run_publishes_the_best_and_can_be_repeated(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "data", train=bundled("diabetes"))
    prepared = prepare(Settings(candidates=4, seed=3, max_train_rows=120), folder, has_model=False)
    scores = []
    for _ in range(2):
        record = Record.create(tmp_path)
        sources = {"model": None, "dataset": {"repo": "ada/diabetes", "commit": "b" * 40}}
        outcome = run(record, prepared.settings, prepared.data, record.folder, Control(), sources)
        state = RunState.read(record.events())
        assert state.status == "finished"
        assert {row.status for row in state.candidates.values()} == {"finished", "dropped"}
        assert not state.baseline_wins
        assert {path.name for path in outcome.folder.iterdir()} == {
            "config.json",
            "metrics.json",
            "model.skops",
        }
        scores.append([row.validation for row in state.candidates.values()])
        card = model_card(state, "ada/sugar")
        assert "base_model" not in card
        assert "library_name: sklearn" in card
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    ("change", "columns", "sentence"),
    [
        ({"target": "rose"}, {}, "label-column: 'target' has only the class 'rose'"),
        ({}, {"label": "petals"}, "label-column: the dataset has no column 'petals'"),
        ({}, {"input": "petals"}, "input-column: the dataset has no column 'petals'"),
        ({}, {"input": "target"}, "input-column: 'target' is the label"),
        ({"petal width (cm)": None}, {"input": "petal width (cm)"}, "'petal width (cm)' is empty"),
        ({"target": None}, {}, "label-column"),
    ],
)
def test_what_cannot_be_learnt_is_one_sentence(
    tmp_path: Path, change: dict[str, Any], columns: dict[str, str], sentence: str
) -> None:
    rows = [{**row, **change} for row in bundled("iris")]
    folder = write_dataset(tmp_path / "data", train=rows)
    with pytest.raises(InvalidRequestError) as refusal:
        prepare(Settings(task=CLASSES, columns=columns), folder, has_model=False)
    assert sentence in refusal.value.message
    assert "\n" not in refusal.value.message


def test_numbers_too_long_for_floats_and_infinite_ones_are_read(tmp_path: Path) -> None:
    rows = [
        {"id": 2**62 + index, "size": math.inf if index == 3 else index, "label": index % 2}
        for index in range(60)
    ]
    data = read(tmp_path / "data", rows)
    train = list(data.train.inputs["size"])
    assert not any(math.isinf(value) for value in train)
    assert data.train.inputs["id"][0] == pytest.approx(2**62)


def test_the_time_budget_leaves_the_first_that_can_be_published(tmp_path: Path) -> None:
    prepared = prepare(
        Settings(candidates=5, time_budget=1e-6),
        write_dataset(tmp_path / "data", train=bundled("iris")),
        has_model=False,
    )
    record = Record.create(tmp_path)
    run(record, prepared.settings, prepared.data, record.folder, Control(), {})
    rows = RunState.read(record.events()).candidates.values()
    tried = [row for row in rows if row.candidate.publishable and row.validation is not None]
    assert len(tried) == 1
    reasons = [row.reason for row in rows if row.status == "dropped"]
    assert reasons == ["the time budget allows no further candidate"] * 3


def test_words_are_no_numbers(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "data", train=bundled("iris"))
    with pytest.raises(InvalidRequestError, match="holds words, not numbers; use --task"):
        prepare(Settings(task=NUMBERS), folder, has_model=False)


def test_three_rows_are_too_few(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "data", train=bundled("iris")[:3])
    with pytest.raises(InvalidRequestError, match="at least 20 are needed"):
        prepare(Settings(), folder, has_model=False)
