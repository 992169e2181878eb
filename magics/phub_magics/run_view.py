"""One run, as ``%phub runs RUN`` shows it: its table and its learning curves."""

from __future__ import annotations

from phub_jupyter.compute.training.state import RunState
from phub_magics.display import as_html, as_text

__all__ = ["RunView"]


class RunView:
    """Shows itself: HTML in a notebook, text elsewhere. ``state`` is what the record says."""

    def __init__(self, state: RunState, name: str) -> None:
        self.state = state
        self._name = name

    def __repr__(self) -> str:
        return as_text(self.state, self._name)

    def _repr_html_(self) -> str:
        return as_html(self.state, self._name)
