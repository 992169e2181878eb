"""Cheap candidates on data that is sorted, tiny, or says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.training import Settings, prepare
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.training_data import remarks, write_dataset
from tests.compute.training_trial import scores_of, train_one

TASK = "text-classification"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("model") / "tiny", "Model", spread=0.05)


def data_of(folder: Path, train: list[dict[str, Any]]) -> Any:
    parts = {"train": train, "validation": remarks(20, 1), "test": remarks(20, 2)}
    return prepare(Settings(), write_dataset(folder, **parts)).data


def test_rows_that_are_sorted_by_class_are_all_drawn_from(tmp_path: Path, model: Path) -> None:
    rows = sorted(remarks(300), key=lambda row: row["label"])
    data = data_of(tmp_path / "d", rows)
    trial, step = train_one(TASK, "embeddings", data, model, tmp_path, 1, max_rows=100)
    assert scores_of(TASK, data, trial, step)["accuracy"] > 0.5


@pytest.mark.parametrize("head", ["logistic", "discriminant", "neighbours", "layers"])
def test_few_rows_are_enough_for_every_head(tmp_path: Path, model: Path, head: str) -> None:
    data = data_of(tmp_path / "d", remarks(20))
    trial, step = train_one(TASK, "embeddings", data, model, tmp_path, 1, head=head, max_rows=9)
    assert len(trial.predict("test", step)) == 20


@pytest.mark.parametrize("family", ["words", "characters"])
def test_texts_without_words_are_refused_in_one_sentence(
    tmp_path: Path, model: Path, family: str
) -> None:
    rows = [{"text": "!" if row % 2 else "?", "label": row % 2} for row in range(20)]
    data = data_of(tmp_path / "d", rows)
    if family == "characters":  # which counts these as well
        trial, step = train_one(TASK, family, data, model, tmp_path, 1)
        assert len(trial.predict("test", step)) == 20
        return
    with pytest.raises(InvalidRequestError, match="too short or too few to count words in"):
        train_one(TASK, family, data, model, tmp_path, 1)
