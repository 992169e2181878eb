"""A limit for what a run may hold in memory: measured while it works, and kept to."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from types import TracebackType
from typing import Self

from phub_jupyter.errors import InvalidRequestError

__all__ = ["MemoryWatch", "OverLimitError", "held", "in_words"]

_LOOK_EVERY = 0.05  # seconds


class OverLimitError(MemoryError):
    """More is held, or would be, than the person allows.

    ``rows`` is how many rows of a batch would fit at a time, where that was measured.
    """

    def __init__(self, needed: int, limit: int, rows: int | None = None) -> None:
        super().__init__(
            f"it needs {in_words(needed)} of memory where {in_words(limit)} are allowed"
        )
        self.rows = rows

    def refusal(self) -> InvalidRequestError:
        """What is said when nothing smaller is left to try."""
        return InvalidRequestError(
            f"max-memory: {self}; allow more with --max-memory, or start from a smaller model."
        )


class MemoryWatch:
    """While it is open, it looks at what this process and its children hold.

    On a GPU it is torch that keeps the limit, of the memory there. Without a limit nothing is
    looked at.
    """

    def __init__(self, limit: int | None, device: str) -> None:
        self.limit = limit
        self.peak = 0
        self._on_gpu = device != "cpu"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        if self.limit is not None and self._on_gpu:
            _limit_gpu(self.limit)
        elif self.limit is not None:
            self.peak = held()
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_over(self) -> bool:
        """Whether the limit was passed since this was opened or reset."""
        return self.limit is not None and self.peak > self.limit

    def check(self) -> None:
        """Raise OverLimitError if the limit was passed since this was opened or reset."""
        if self.limit is not None and self.is_over:
            raise OverLimitError(self.peak, self.limit)

    def reset(self) -> None:
        """Return what was freed to the system, and look at what is held from now on."""
        _give_back()
        self.peak = 0 if self._on_gpu else held()

    def look(self) -> None:
        """Take in what is held at this moment."""
        self.peak = max(self.peak, held())

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY):
            self.look()


def held() -> int:
    """How many bytes of memory this process and its children hold now."""
    import psutil

    own = psutil.Process()
    found = 0
    for process in (own, *own.children(recursive=True)):
        try:
            found += int(process.memory_info().rss)
        except psutil.Error:  # it has ended
            continue
    return found


def in_words(size: int) -> str:
    """A number of bytes as people write it, such as ``1.5 GB``."""
    if size >= 10**9:
        return f"{size / 10**9:.3g} GB"
    return f"{max(1, round(size / 10**6))} MB"


def _limit_gpu(limit: int) -> None:
    import torch

    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, limit / whole))


def _give_back() -> None:
    """Return to the system what was freed; the C library keeps it otherwise."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
