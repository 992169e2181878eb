"""Classification of pictures and sounds, which stay encoded until the model's own reader."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts
from phub_jupyter.compute.evaluation.readings.scored_labels import LabelReading, ScoredLabels
from phub_jupyter.compute.training.columns import find_column

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["encoded", "find_media", "read"]

_NAMES = {"Image": ("image", "img", "picture"), "Audio": ("audio", "sound", "speech")}


@dataclass(frozen=True, slots=True)
class _MediaClasses(LabelReading):
    media: str
    textual: bool = False
    window: int = 16

    @property
    def columns(self) -> Mapping[str, str]:
        return {"media": self.media, "label": self.labels.targets.column}

    @property
    def checked(self) -> Sequence[str]:
        return (self.labels.targets.column,)

    def usable(self, rows: Batch) -> list[bool]:
        return [value is not None for value in self.labels.references(rows)]

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        parameters = {**self.labels.parameters(), "top_k": max(1, len(self.classes))}
        return [{"inputs": encoded(value), "parameters": parameters} for value in rows[self.media]]

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        return [self.labels.prediction(answer) for answer in answers]

    def inputs(self, rows: Batch) -> list[str]:
        return [str((value or {}).get("path") or "") for value in rows[self.media]]


def find_media(part: Dataset, settings: Settings, kind: str) -> str:
    """The column of pictures (``Image``) or sounds (``Audio``). Raises InvalidRequestError."""

    def fits(name: str, feature: Any) -> bool:
        return type(feature).__name__ == kind

    wanted = settings.columns.get(kind.lower())
    return find_column(part, kind.lower(), _NAMES[kind], fits, wanted)


def encoded(value: Mapping[str, Any] | None) -> str:
    """A file of the dataset as calls carry it; one that is missing is empty, which is refused."""
    return base64.b64encode((value or {}).get("bytes") or b"").decode("ascii")


def read(part: Dataset, model: ModelFacts, settings: Settings) -> _MediaClasses:
    """Find picture or sound, and label. Raises InvalidRequestError."""
    kind = "Image" if settings.task == "image-classification" else "Audio"
    media = find_media(part, settings, kind)
    return _MediaClasses(ScoredLabels.of(part, model, settings, media), media)
