"""Answers that are sent again as long as nothing changed that they were made from."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from phub_jupyter.hub.database.changes import Remembered, Version

__all__ = ["KnownAnswer", "KnownAnswers"]

_LARGEST = 32 * 1024  # bytes; larger ones are asked for too seldom


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """An answer as it was sent, and the state of the repository in ``path`` that it is about."""

    body: bytes
    path: Path
    stamp: Hashable


class KnownAnswers(Remembered[KnownAnswer]):
    """The answers of one server; their keys say who asked."""

    def put(self, key: Hashable, value: KnownAnswer, version: Version | None) -> None:
        """Keep an answer if it is small."""
        if len(value.body) <= _LARGEST:
            super().put(key, value, version)
