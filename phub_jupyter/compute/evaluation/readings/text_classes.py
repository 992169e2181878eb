"""Text classification: one class, several labels, or a number for a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts, is_written
from phub_jupyter.compute.evaluation.readings.scored_labels import LabelReading, ScoredLabels
from phub_jupyter.compute.training.columns import LABEL_NAMES, TEXT_NAMES, find_column, is_string

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["read"]


@dataclass(frozen=True, slots=True)
class _TextClasses(LabelReading):
    text: str
    textual: bool = True
    window: int = 256

    @property
    def columns(self) -> Mapping[str, str]:
        return {"text": self.text, "label": self.labels.targets.column}

    @property
    def checked(self) -> Sequence[str]:
        return (self.text, self.labels.targets.column)

    def usable(self, rows: Batch) -> list[bool]:
        right = self.labels.references(rows)
        return [
            is_written(text) and value is not None
            for text, value in zip(rows[self.text], right, strict=True)
        ]

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        parameters = self.labels.parameters()
        return [{"inputs": text, "parameters": parameters} for text in rows[self.text]]

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        return [self.labels.prediction(answer[0]) for answer in answers]

    def inputs(self, rows: Batch) -> list[str]:
        return list(rows[self.text])


def read(part: Dataset, model: ModelFacts, settings: Settings) -> _TextClasses:
    """Find text and label. Raises InvalidRequestError."""

    def may_be_text(name: str, kind: Any) -> bool:
        return is_string(kind) and name not in LABEL_NAMES

    text = find_column(part, "text", TEXT_NAMES, may_be_text, settings.columns.get("text"))
    return _TextClasses(ScoredLabels.of(part, model, settings, text), text)
