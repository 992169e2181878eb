"""The ``%phub`` magic: train, try and publish from a notebook, over HTTP only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load_ipython_extension"]


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register ``%phub``; what a verb needs is imported when the verb is used."""
    from phub_magics.magic import PhubMagics

    ipython.register_magics(PhubMagics)
