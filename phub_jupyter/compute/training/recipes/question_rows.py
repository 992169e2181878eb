"""Questions, the texts that answer them, and where in those the answers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.answers import Answers, answer_texts
from phub_jupyter.compute.training.data import Rows
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["NOWHERE", "Place", "question_rows"]

Place = tuple[int, int]
NOWHERE: Place = (-1, -1)
"""Where an answer is that the text does not hold word for word."""

_STARTS = ("answer_start", "answer_starts")


def question_rows(found: Answers, part: Dataset, split: str) -> Rows:
    """Inputs ``question``, ``context`` and ``place``; targets are the right texts, or none.

    ``place`` are the characters of the first right text, `NOWHERE`, or None where there is no
    answer. Raises InvalidRequestError.
    """
    missing = set(found.checked) - set(part.column_names)
    if missing:
        raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{min(missing)}'.")
    flat = [name for name in _STARTS if name in part.column_names]
    rows = part.select_columns([*found.checked, *flat[:1]])[:]
    usable = found.usable(rows)
    if not all(usable):
        raise InvalidRequestError(
            f"dataset: {usable.count(False):,} rows of split '{split}' lack '{found.question}', "
            f"'{found.context}' or '{found.answers}', the first is row {usable.index(False)}; "
            "remove them or fill them in."
        )
    contexts, answers = rows[found.context], rows[found.answers]
    beside = rows[flat[0]] if flat else [None] * len(contexts)
    places = [_place(*row) for row in zip(contexts, answers, beside, strict=True)]
    if split == "train":
        _check(places, found)
    inputs = {"question": rows[found.question], "context": contexts, "place": places}
    return Rows(inputs, found.references(rows))


def _check(places: Sequence[Place | None], found: Answers) -> None:
    if all(place is None for place in places):
        raise InvalidRequestError(
            f"answers-column: no training row has an answer in '{found.answers}'; name another "
            "column with --column answers=NAME."
        )
    if all(place in (None, NOWHERE) for place in places):
        raise InvalidRequestError(
            f"answers-column: no answer of the training rows stands in its '{found.context}' word "
            "for word; this task marks a part of the text. To have answers written instead, make "
            "columns 'prompt' and 'completion' and train text-generation."
        )


def _place(context: str, answers: Any, beside: Any) -> Place | None:
    texts = answer_texts(answers)
    if not texts:
        return None
    start, text = _start(answers, beside), texts[0]
    if start is not None and start >= 0 and context[start : start + len(text)] == text:
        return start, start + len(text)
    at = _nearest(context, text, start or 0)
    return NOWHERE if at is None else (at, at + len(text))


def _nearest(context: str, text: str, start: int) -> int | None:
    """Where a text is: of several places the one nearest to where it should be."""
    places, at = [], context.find(text)
    while at >= 0:
        places.append(at)
        at = context.find(text, at + 1)
    return min(places, key=lambda place: abs(place - start), default=None)


def _start(answers: Any, beside: Any) -> int | None:
    """Where the first answer begins, if the row says so."""
    if isinstance(answers, Mapping):
        beside = next((answers[name] for name in _STARTS if name in answers), beside)
    elif isinstance(answers, Sequence) and answers and isinstance(answers[0], Mapping):
        beside = next((answers[0][name] for name in _STARTS if name in answers[0]), beside)
    if isinstance(beside, Sequence) and not isinstance(beside, str):
        beside = beside[0] if beside else None
    return beside if isinstance(beside, int) else None
