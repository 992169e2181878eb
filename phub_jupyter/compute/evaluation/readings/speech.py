"""Speech recognition: what was said, against what the model wrote down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.media_classes import encoded, find_media
from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts
from phub_jupyter.compute.training.columns import find_column, is_string

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["read"]

_TEXT_NAMES = ("text", "transcription", "transcript", "sentence", "normalized_text")


@dataclass(frozen=True, slots=True)
class _Speech:
    audio: str
    text: str
    problem: str = ""
    classes: Sequence[str] = ()
    textual: bool = False
    window: int = 8

    @property
    def columns(self) -> Mapping[str, str]:
        return {"audio": self.audio, "text": self.text}

    @property
    def checked(self) -> Sequence[str]:
        return (self.text,)

    def usable(self, rows: Batch) -> list[bool]:
        return [isinstance(text, str) for text in rows[self.text]]

    def references(self, rows: Batch) -> list[Any]:
        return list(rows[self.text])

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        return [{"inputs": encoded(value)} for value in rows[self.audio]]

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        return [answer["text"] for answer in answers]

    def inputs(self, rows: Batch) -> list[str]:
        return [str((value or {}).get("path") or "") for value in rows[self.audio]]


def read(part: Dataset, model: ModelFacts, settings: Settings) -> _Speech:
    """Find sound and text. Raises InvalidRequestError."""
    audio = find_media(part, settings, "Audio")
    wanted = settings.columns.get("text")
    text = find_column(part, "text", _TEXT_NAMES, lambda _, kind: is_string(kind), wanted)
    return _Speech(audio, text)
