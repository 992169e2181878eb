"""Question answering: the answers that people marked, against the model's part of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts, is_written
from phub_jupyter.compute.training.columns import find_column, is_string

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["Answers", "answer_texts", "find_answers", "read"]

_CONTEXTS = ("context", "passage", "text", "document")
_ANSWERS = ("answers", "answer", "answer_text")
_READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Answers:
    question: str
    context: str
    answers: str
    silent: bool
    """Whether some question has no answer: only then is it fair to let a model say so."""
    problem: str = ""
    classes: Sequence[str] = ()
    textual: bool = True
    window: int = 64

    @property
    def columns(self) -> Mapping[str, str]:
        return {"question": self.question, "context": self.context, "answers": self.answers}

    @property
    def checked(self) -> Sequence[str]:
        return (self.question, self.context, self.answers)

    def usable(self, rows: Batch) -> list[bool]:
        columns = (rows[self.question], rows[self.context], rows[self.answers])
        return [
            is_written(question) and is_written(context) and answers is not None
            for question, context, answers in zip(*columns, strict=True)
        ]

    def references(self, rows: Batch) -> list[Any]:
        return [answer_texts(answers) for answers in rows[self.answers]]

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        columns = (rows[self.question], rows[self.context])
        return [
            {
                "inputs": {"question": question, "context": context},
                "parameters": {"handle_impossible_answer": self.silent},
            }
            for question, context in zip(*columns, strict=True)
        ]

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        return [answer["answer"] for answer in answers]

    def inputs(self, rows: Batch) -> list[str]:
        return list(rows[self.question])


def answer_texts(answers: Any) -> list[str]:
    """The right texts, from a list, from one text, or from texts beside where they begin."""
    if isinstance(answers, Mapping):
        answers = answers.get("text")
    if isinstance(answers, str):
        return [answers] if answers.strip() else []
    found = [each.get("text") if isinstance(each, Mapping) else each for each in answers or ()]
    return [str(text) for text in found if is_written(text)]


def read(part: Dataset, model: ModelFacts, settings: Settings) -> Answers:
    """Find question, text and answers. Raises InvalidRequestError."""
    return find_answers(part, settings.columns)


def find_answers(part: Dataset, wanted: Mapping[str, str]) -> Answers:
    """The three columns, of which ``wanted`` are named. Raises InvalidRequestError."""
    question = find_column(
        part, "question", ("question", "query"), _is_text, wanted.get("question")
    )
    context = find_column(
        part,
        "context",
        _CONTEXTS,
        lambda name, kind: name != question and is_string(kind),
        wanted.get("context"),
    )

    def may_be_answers(name: str, kind: Any) -> bool:
        return name in _ANSWERS

    answers = find_column(part, "answers", _ANSWERS, may_be_answers, wanted.get("answers"))
    return Answers(question, context, answers, _lacks_some(part, answers))


def _lacks_some(part: Dataset, column: str) -> bool:
    """Whether a row says that there is no answer; one that says nothing is left out anyway."""
    values = part.select_columns([column])
    return any(
        value is not None and not answer_texts(value)
        for start in range(0, len(part), _READ_AT_ONCE)
        for value in values[start : start + _READ_AT_ONCE][column]
    )


def _is_text(name: str, kind: Any) -> bool:
    return is_string(kind)
