"""Columns of datasets as strangers fill them: what is left out, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from phub_jupyter.compute.evaluation import readings
from phub_jupyter.compute.evaluation.readings import ModelFacts, Reading
from phub_jupyter.compute.evaluation.settings import Settings
from phub_jupyter.compute.evaluation.slices import by_value
from phub_jupyter.errors import InvalidRequestError

TAGS = ("O", "B-PER")
FACTS = ModelFacts("ada/m", Path("nowhere"), {"id2label": dict(enumerate(TAGS))})


def reading(task: str, part: Dataset) -> Reading:
    return readings.read(part, FACTS, Settings(task))


def usable(task: str, part: Dataset) -> list[bool]:
    return reading(task, part).usable(part[:])


def test_words_without_a_known_tag_leave_their_row_out() -> None:
    kind = Features(
        {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=list(TAGS)))}
    )
    words = [["ada", "ran"], ["ada", None], ["ada", " "], ["ada", "ran"]]
    tags = [[1, 0], [1, 0], [1, 0], [1, -1]]
    part = Dataset.from_dict({"tokens": words, "ner_tags": tags}, features=kind)
    assert usable("token-classification", part) == [True, False, False, False]


def test_pairs_without_a_finite_score_are_left_out() -> None:
    columns = {"sentence1": ["a"] * 4, "sentence2": ["b"] * 4}
    scores = [0.5, None, float("nan"), float("inf")]
    part = Dataset.from_dict({**columns, "score": scores})
    assert usable("sentence-similarity", part) == [True, False, False, False]


def test_a_score_that_is_named_must_be_a_number() -> None:
    columns = {"sentence1": ["a"], "sentence2": ["b"], "score": ["high"], "label": [0.5]}
    part = Dataset.from_dict(columns)
    with pytest.raises(InvalidRequestError, match="score-column: 'score' does not hold numbers"):
        readings.read(part, FACTS, Settings("sentence-similarity", columns={"score": "score"}))


@pytest.mark.parametrize("some", [True, False])
def test_whether_no_answer_is_one_is_the_same_for_all_rows(some: bool) -> None:
    answers: list[Any] = [["Ada"]] * 99 + [[] if some else ["Bob"]]
    columns = {"question": ["Who?"] * 100, "context": ["Ada and Bob did."] * 100}
    part = Dataset.from_dict({**columns, "answers": answers})
    for rows in (part[:10], part[90:]):
        for call in reading("question-answering", part).calls(rows):
            assert call["parameters"]["handle_impossible_answer"] is some


def test_words_are_no_numbers_to_foresee(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "phub_jupyter.compute.evaluation.readings.tabular.describe",
        lambda folder, task: {"columns": {"age": "number"}},
    )
    part = Dataset.from_dict({"age": [1, 2], "label": ["low", "high"]})
    with pytest.raises(InvalidRequestError, match="'label' does not hold numbers"):
        reading("tabular-regression", part)
    numbers = Dataset.from_dict({"age": [1, 2], "label": [3, 4]})
    assert usable("tabular-regression", numbers) == [True, True]


def test_slices_of_numbers_with_gaps_have_names() -> None:
    names = by_value([*map(float, range(20)), float("nan"), None])
    assert "none" in names
    assert not any("nan" in name for name in names)
