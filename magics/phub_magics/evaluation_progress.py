"""How far an evaluation is: one line that changes in a notebook, several lines elsewhere."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

__all__ = ["ProgressLine"]

_PRINT_EVERY = 10.0  # seconds


class ProgressLine:
    """Shows which model has answered how many rows."""

    def __init__(self, shell: Any) -> None:
        self._in_notebook = hasattr(shell, "kernel")
        self._place: Any = None
        self._shown = ""
        self._next = 0.0

    def show(self, model: str, done: int, rows: int) -> None:
        """Show the present state, if it is news."""
        text = f"{model}: {done:,} of {rows:,} rows" if model else ""
        if text == self._shown:
            return
        if self._in_notebook:
            self._shown = text
            self._update(text)
        elif time.monotonic() >= self._next:
            self._shown = text
            self._next = time.monotonic() + _PRINT_EVERY
            print(text, flush=True)

    def close(self) -> None:
        """Take the line away, so that the saved notebook has none."""
        if self._place is not None:
            self._place.update({"text/plain": ""}, raw=True)

    def _update(self, text: str) -> None:
        bundle = {"text/plain": text}
        if self._place is None:
            display: Any = import_module("IPython.display").display
            self._place = display(bundle, raw=True, display_id=True)
        else:
            self._place.update(bundle, raw=True)
