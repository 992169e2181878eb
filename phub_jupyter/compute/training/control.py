"""How a person stops a run from another thread: one candidate, or everything."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

__all__ = ["CancelledError", "Control", "StoppedError"]


class CancelledError(Exception):
    """One candidate was given up."""


class StoppedError(Exception):
    """The whole run was told to stop; its record says where to go on."""


class Control:
    """Wishes of the person, read by the run between two steps.

    Only simple assignments and set additions happen here, so no lock is needed.
    """

    def __init__(self) -> None:
        self._stopped = False
        self._cancelled: set[str] = set()
        self._pinned: set[str] = set()
        self._deadline: float | None = None

    def stop(self) -> None:
        """End the run after the current step, so that it can be resumed."""
        self._stopped = True

    def cancel(self, candidate: str) -> None:
        """Give one candidate up after its current step; the others go on."""
        self._cancelled.add(candidate)

    def pin(self, candidate: str) -> None:
        """Train a candidate to its end even when others are better."""
        self._pinned.add(candidate)

    def heed(self, wishes: Iterable[tuple[str, str]]) -> None:
        """Take over what was wished for elsewhere, as `wishes` tells it."""
        for what, candidate in wishes:
            if what == "stop":
                self.stop()
            elif what == "pin":
                self.pin(candidate)
            else:
                self.cancel(candidate)

    def limit(self, seconds: float | None) -> None:
        """Let the time budget begin now."""
        self._deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def wishes(self) -> frozenset[tuple[str, str]]:
        """All that was wished for so far: what, and of which candidate."""
        found = {("cancel", candidate) for candidate in self._cancelled}
        found |= {("pin", candidate) for candidate in self._pinned}
        return frozenset(found | ({("stop", "")} if self._stopped else set()))

    @property
    def stopped(self) -> bool:
        """Whether the whole run was told to stop."""
        return self._stopped

    @property
    def time_left(self) -> float:
        """Seconds that the time budget still has."""
        return math.inf if self._deadline is None else self._deadline - time.monotonic()

    def pinned(self, candidate: str) -> bool:
        """Whether a candidate is to be trained to its end."""
        return candidate in self._pinned

    def may_step(self, candidate: str) -> bool:
        """Whether another step of this candidate is wanted."""
        return not (self._stopped or candidate in self._cancelled)

    def check(self, candidate: str) -> None:
        """Raise StoppedError or CancelledError if the person wished so."""
        if self._stopped:
            raise StoppedError
        if candidate in self._cancelled:
            raise CancelledError
