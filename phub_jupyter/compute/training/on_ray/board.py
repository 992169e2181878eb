"""Where machines that train, the race, and a person's wishes find each other."""

from __future__ import annotations

from typing import Any

__all__ = ["Board"]


class Board:
    """An actor next to the race. It decides nothing: it holds notes until they are fetched."""

    def __init__(self) -> None:
        self._progress: dict[str, dict[str, Any]] = {}
        self._wishes: set[tuple[str, str]] = set()

    def progress(self, candidate: str, fields: dict[str, Any]) -> None:
        """A machine says how far it got; only the latest counts."""
        self._progress[candidate] = fields

    def wish(self, wishes: list[tuple[str, str]]) -> None:
        """A person wants something: what, and of which candidate."""
        self._wishes.update(wishes)

    def wishes(self) -> set[tuple[str, str]]:
        """All that was wished for so far."""
        return self._wishes

    def take_progress(self) -> list[dict[str, Any]]:
        """What machines said since the last call."""
        taken, self._progress = list(self._progress.values()), {}
        return taken
