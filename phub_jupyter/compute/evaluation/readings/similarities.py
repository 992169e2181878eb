"""Sentence similarity: how people scored pairs, against how close the model finds them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts, is_written
from phub_jupyter.compute.training.columns import find_pair

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["read"]


@dataclass(frozen=True, slots=True)
class _Similarities:
    first: str
    second: str
    score: str
    problem: str = ""
    classes: Sequence[str] = ()
    textual: bool = True
    window: int = 128

    @property
    def columns(self) -> Mapping[str, str]:
        return {"sentence1": self.first, "sentence2": self.second, "score": self.score}

    @property
    def checked(self) -> Sequence[str]:
        return (self.first, self.second, self.score)

    def usable(self, rows: Batch) -> list[bool]:
        columns = (rows[self.first], rows[self.second], rows[self.score])
        return [
            is_written(one) and is_written(other) and score is not None and math.isfinite(score)
            for one, other, score in zip(*columns, strict=True)
        ]

    def references(self, rows: Batch) -> list[Any]:
        return [None if score is None else float(score) for score in rows[self.score]]

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        return [
            {"inputs": {"source_sentence": one, "sentences": [other]}}
            for one, other in zip(rows[self.first], rows[self.second], strict=True)
        ]

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        return [float(answer[0]) for answer in answers]

    def inputs(self, rows: Batch) -> list[str]:
        pairs = zip(rows[self.first], rows[self.second], strict=True)
        return [f"{one} | {other}" for one, other in pairs]


def read(part: Dataset, model: ModelFacts, settings: Settings) -> _Similarities:
    """Find both sentences and the score. Raises InvalidRequestError."""
    return _Similarities(*find_pair(part, settings.columns))
