"""How missing splits are cut: by the classes of the rows, where that can be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from phub_jupyter.compute.training.splits import load_splits
from tests.compute.training_data import remarks, write_dataset


@pytest.mark.parametrize("column", ["label", "sort"])
def test_each_part_has_its_share_of_a_rare_class(tmp_path: Path, column: str) -> None:
    rows = [{"text": f"film {row}", column: int(row % 20 == 0)} for row in range(400)]
    folder = write_dataset(tmp_path, named=False, train=rows)
    parts = load_splits(folder, seed=3, label=None if column == "label" else column)
    rare = {name: sum(part[column]) / len(part) for name, part in parts.items()}
    assert rare == pytest.approx(dict.fromkeys(parts, 0.05), abs=0.01)
    texts = [text for part in parts.values() for text in part["text"]]
    assert len(texts) == len(set(texts)) == 400
    again = load_splits(folder, seed=3, label=column)
    assert again["test"]["text"] == parts["test"]["text"]
    other = load_splits(folder, seed=4, label=column)
    assert other["test"]["text"] != parts["test"]["text"]


def test_a_class_with_one_row_is_in_one_part(tmp_path: Path) -> None:
    rows = [{"text": f"film {row}", "label": "rare" if row == 7 else "usual"} for row in range(60)]
    parts = load_splits(write_dataset(tmp_path, named=False, train=rows), seed=0)
    assert sum(part["label"].count("rare") for part in parts.values()) == 1
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 45,
        "validation": 6,
        "test": 9,
    }


def test_rows_without_classes_are_cut_as_well(tmp_path: Path) -> None:
    rows = [{"text": row["text"]} for row in remarks(40)]
    parts = load_splits(write_dataset(tmp_path, named=False, train=rows), seed=0)
    assert sum(map(len, parts.values())) == 40
