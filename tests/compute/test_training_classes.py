"""Labels of splits that were made apart from each other: the same names, other numbers."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from phub_jupyter.compute.training.recipes.classes import class_names, class_targets
from phub_jupyter.compute.training.recipes.token_tags import TagColumns
from phub_jupyter.errors import InvalidRequestError


def part(values: list[Any], kind: Any) -> Dataset:
    return Dataset.from_dict({"label": values}, features=Features({"label": kind}))


def test_classes_are_the_same_by_name_whatever_their_numbers() -> None:
    train = part([0, 1, 1], ClassLabel(names=["bad", "good"]))
    names = class_names(train, "label")
    assert class_targets(train, "train", "label", names) == [0, 1, 1]
    turned = part([0, 1], ClassLabel(names=["good", "bad"]))
    assert class_targets(turned, "test", "label", names) == [1, 0]
    plain = part(["good", "bad"], Value("string"))
    assert class_targets(plain, "test", "label", names) == [1, 0]
    more = part([0, 1], ClassLabel(names=["good", "odd"]))
    with pytest.raises(InvalidRequestError, match="1 rows of split 'test'"):
        class_targets(more, "test", "label", names)


def test_a_missing_class_is_not_the_class_none() -> None:
    train = part(["None", "Some", None], Value("string"))
    with pytest.raises(InvalidRequestError, match="1 rows of split 'train'"):
        class_targets(train, "train", "label", class_names(train, "label"))


def test_tags_are_the_same_by_name_too() -> None:
    def tagged(names: list[str], tags: list[int]) -> Dataset:
        kind = Features({"words": List(Value("string")), "tags": List(ClassLabel(names=names))})
        return Dataset.from_dict({"words": [["ada", "ran"]], "tags": [tags]}, features=kind)

    train, test = tagged(["O", "B-PER"], [1, 0]), tagged(["B-PER", "O"], [0, 1])
    columns = TagColumns.of({"train": train, "test": test}, "words", "tags")
    assert columns.rows(train, "train").targets == columns.rows(test, "test").targets
    with pytest.raises(InvalidRequestError, match="not one known tag"):
        columns.rows(tagged(["O", "B-LOC"], [1, 0]), "test")
