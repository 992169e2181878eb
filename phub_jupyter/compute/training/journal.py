"""Writing an event and taking it into account are one act."""

from __future__ import annotations

import time
from typing import Any

from phub_jupyter.compute.training.record import Record
from phub_jupyter.compute.training.state import RunState

__all__ = ["Journal"]

_PROGRESS_EVERY = 0.4  # seconds; each line waits for the disk


class Journal:
    """The record of a run together with the state that it describes."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.state = RunState.read(record.events())
        self._next_progress = 0.0

    def write(self, event: str, **fields: Any) -> None:
        """Append to the record, then follow it."""
        self.record.append(event, **fields)
        self.state.apply({"event": event, **fields})

    def progress(self, candidate: str, step: int, seconds: float) -> None:
        """Note a step, not more often than a reader could follow."""
        if time.monotonic() >= self._next_progress:
            self.write("progress", candidate=candidate, step=step, seconds=round(seconds, 2))
            self._next_progress = time.monotonic() + _PROGRESS_EVERY
