"""How lines of a record look among the other lines of a job's log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["Hearing", "spoken"]

_MARK = "phub-line "


def spoken(line: dict[str, Any]) -> str:
    """One line of a record as the job prints it."""
    return _MARK + json.dumps(line)


class Hearing:
    """Finds the lines in a log that arrives in pieces of any length, and keeps the last others."""

    def __init__(self) -> None:
        self._rest = ""
        self.said: list[str] = []

    def begin(self) -> None:
        """Hear the log from its beginning."""
        self._rest = ""
        self.said = []

    def hear(self, piece: str) -> Iterator[dict[str, Any]]:
        """The lines that this piece completes."""
        *whole, self._rest = (self._rest + piece).split("\n")
        for line in whole:
            if line.startswith(_MARK):
                yield json.loads(line[len(_MARK) :])
            elif line.strip():
                self.said = [*self.said[-9:], line]
