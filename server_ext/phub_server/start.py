"""Starting quickly: the extension is loaded whenever somebody opens JupyterLab."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_collections"]


@contextmanager
def without_collections() -> Iterator[None]:
    """Import modules without looking for garbage meanwhile.

    Nearly everything that an import makes stays, and walking over it again and again is about a
    quarter of the time that loading the hub takes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
