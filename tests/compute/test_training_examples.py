"""Reading datasets, and one sentence for each way in which they cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.training import Settings, prepare
from phub_jupyter.compute.training.data import Data
from phub_jupyter.errors import InvalidRequestError
from tests.compute.training_data import remarks, write_dataset


def read_splits(folder: Path, settings: Settings) -> Data:
    return prepare(settings, folder).data


def test_splits_and_label_names_are_taken_as_they_are(tmp_path: Path) -> None:
    folder = write_dataset(
        tmp_path / "d", train=remarks(40), validation=remarks(10, 1), test=remarks(20, 2)
    )
    splits = read_splits(folder, _text())
    assert splits.rows() == {"train": 40, "validation": 10, "test": 20}
    assert splits.labels == ("negative", "positive")
    assert splits.columns == {"text": "text", "label": "label"}
    assert splits.train.inputs["text"][0] == remarks(40)[0]["text"]
    assert splits.train.targets[0] == remarks(40)[0]["label"]


def test_missing_splits_are_cut_from_the_training_rows(tmp_path: Path) -> None:
    splits = read_splits(write_dataset(tmp_path / "d", train=remarks(100)), _text())
    assert sum(splits.rows().values()) == 100
    assert min(splits.rows().values()) >= 8


def test_other_names_and_words_as_labels(tmp_path: Path) -> None:
    rows = [
        {"id": str(number), "said": row["text"], "mood": ("bad", "good")[row["label"]]}
        for number, row in enumerate(remarks(40))
    ]
    folder = write_dataset(tmp_path / "d", named=False, train=rows, test=rows, validation=rows)
    splits = read_splits(folder, _text(columns={"text": "said", "label": "mood"}))
    assert splits.labels == ("bad", "good")


def test_fewer_rows_are_drawn_by_the_seed(tmp_path: Path) -> None:
    folder = write_dataset(
        tmp_path / "d", train=remarks(200), test=remarks(20), validation=remarks(20)
    )
    first, again, other = (
        read_splits(folder, _text(max_train_rows=50, seed=seed)) for seed in (1, 1, 2)
    )
    assert len(first.train) == 50
    assert first.train == again.train
    assert first.train != other.train


def _text(**settings: Any) -> Settings:
    return Settings(task="text-classification", **settings)


def _with(rows: list[dict[str, Any]], **changed: Any) -> list[dict[str, Any]]:
    return [{**row, **changed} for row in rows]


@pytest.mark.parametrize(
    ("rows", "columns", "words"),
    [
        (_with(remarks(40), label=1), {}, "label-column: 'label' has only the class 'positive'"),
        (_with(remarks(40), text=" "), {}, "text-column: 40 rows of split 'train' have an empty"),
        (
            [{"text": row["text"], "number": 0.5} for row in remarks(40)],
            {},
            "label-column: there is no label column among 'text', 'number'",
        ),
        (remarks(40), {"label": "mood"}, "label-column: the dataset has no column 'mood'"),
        (remarks(40), {"text": "body"}, "text-column: the dataset has no column 'body'"),
        (
            [{"a": "x", "b": "y", "label": 1} for _ in range(40)],
            {},
            "text-column: cannot tell which of 'a', 'b', 'label'",
        ),
        (
            _with(remarks(40), weight=0.5),
            {"label": "weight"},
            "label-column: 'weight' is 0.5 in all training rows",
        ),
        (remarks(4), {}, "split 'train' has 4 rows; at least 20"),
        (
            [{"text": row["text"], "label": row["label"] or None} for row in remarks(40)],
            {},
            "20 rows of split 'train' have a 'label' that is missing",
        ),
        (
            [{**row, "tag": f"t{number}"} for number, row in enumerate(remarks(120))],
            {"label": "tag"},
            "has 120 different values, too many",
        ),
    ],
)
def test_unusable_rows_are_refused_in_one_sentence(
    tmp_path: Path, rows: list[dict[str, Any]], columns: dict[str, str], words: str
) -> None:
    folder = write_dataset(tmp_path / "d", train=rows, validation=rows, test=rows)
    with pytest.raises(InvalidRequestError) as refusal:
        read_splits(folder, _text(columns=columns))
    assert words in refusal.value.message
    assert "\n" not in refusal.value.message


def test_a_label_that_training_never_saw_is_refused(tmp_path: Path) -> None:
    known = [{"text": row["text"], "label": ("no", "yes")[row["label"]]} for row in remarks(40)]
    folder = write_dataset(
        tmp_path / "d", named=False, train=known, validation=_with(known, label="maybe"), test=known
    )
    with pytest.raises(InvalidRequestError, match=r"split 'validation'.*'maybe'"):
        read_splits(folder, _text())


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing here")
    with pytest.raises(InvalidRequestError, match="dataset: no table can be read"):
        read_splits(tmp_path, _text())


def test_the_task_is_told_by_the_columns(tmp_path: Path) -> None:
    prepared = prepare(Settings(), write_dataset(tmp_path / "d", train=remarks(100)))
    assert prepared.settings.task == "text-classification"
    assert prepared.settings.metric == "accuracy"
    assert "text from 'text', label from 'label'; 2 classes" in prepared.sentence()


def test_of_several_tasks_the_model_decides(tmp_path: Path) -> None:
    rows = [{"text": "a film", "summary": "film", "label": row % 2} for row in range(40)]
    folder = write_dataset(tmp_path, train=rows, test=rows)

    def task(model_type: str) -> str:
        return prepare(Settings(), folder, True, model_type).settings.task

    assert task("bert") == task("gpt2") == "text-classification"
    assert task("t5") == task("marian") == "summarization"
    assert task("of-tomorrow") == task("") == "summarization"


def test_columns_that_tell_no_task_are_refused(tmp_path: Path) -> None:
    rows = [{"moment": number} for number in range(40)]
    with pytest.raises(InvalidRequestError, match="task: cannot tell what the columns 'moment'"):
        prepare(Settings(), write_dataset(tmp_path / "d", train=rows))
