"""Tells work that takes many steps when nobody waits for it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["is_abandoned", "watched"]

_NOBODY_WAITS: ContextVar[Callable[[], bool] | None] = ContextVar("nobody_waits", default=None)


def is_abandoned() -> bool:
    """Whether the work that this thread does is for nobody."""
    nobody_waits = _NOBODY_WAITS.get()
    return nobody_waits is not None and nobody_waits()


@contextmanager
def watched(nobody_waits: Callable[[], bool]) -> Iterator[None]:
    """Do work that may look, with `is_abandoned`, whether to go on."""
    token = _NOBODY_WAITS.set(nobody_waits)
    try:
        yield
    finally:
        _NOBODY_WAITS.reset(token)
