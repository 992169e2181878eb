"""The table while a run goes on, with buttons that pin or cancel one candidate, or cancel all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from phub_jupyter.compute.training import Control, Record
from phub_jupyter.compute.training.state import RunState
from phub_magics.display import as_html, as_text, scores_line

__all__ = ["LiveTable", "announced"]


@contextmanager
def announced(sentence: str) -> Iterator[None]:
    """Say what the person waits for, and take it back when it is done."""
    place = _display()({"text/plain": sentence}, raw=True, display_id=True)
    try:
        yield
    finally:
        if place is not None:
            place.update({"text/plain": ""}, raw=True)


class LiveTable:
    """Shows what the record says: in place in a notebook, line by line in a terminal.

    JupyterLab delivers button clicks over a kernel subshell, so they work while the cell runs.
    """

    def __init__(self, shell: Any, record: Record, control: Control) -> None:
        self._record = record
        self._control = control
        self._in_notebook = hasattr(shell, "kernel")
        self._table: Any = None
        self._shown = ""
        self._printed: set[tuple[str, int]] = set()
        self.buttons: dict[str, Any] = {}
        self.pins: dict[str, Any] = {}
        self._box: Any = None

    def update(self) -> None:
        """Show the present state."""
        state = RunState.read(self._record.events())
        if self._in_notebook:
            self._show_html(state)
            self._show_buttons(state)
        else:
            self._print_scores(state)

    def close(self) -> None:
        """Show the last state and take the buttons away, so that the saved notebook has none."""
        state = RunState.read(self._record.events())
        if not self._in_notebook:
            print(as_text(state, self._record.name))
            return
        self._show_html(state)
        if self._box is not None:
            self._box.update({"text/plain": "", "text/html": ""}, raw=True)
            self._box = None

    def _show_html(self, state: RunState) -> None:
        html = as_html(state, self._record.name)
        if html == self._shown:
            return
        self._shown = html
        bundle = {"text/html": html, "text/plain": as_text(state, self._record.name)}
        if self._table is None:
            self._table = _display()(bundle, raw=True, display_id=True)
        else:
            self._table.update(bundle, raw=True)

    def _print_scores(self, state: RunState) -> None:
        for row in state.candidates.values():
            key = (row.candidate.id, row.scored_step)
            if row.validation is not None and key not in self._printed:
                self._printed.add(key)
                print(scores_line(state, row), flush=True)

    def _show_buttons(self, state: RunState) -> None:
        if self._box is None and state.candidates:
            self._make_buttons(state)
        for row in state.candidates.values():
            button = self.buttons.get(row.candidate.id)
            if button is not None and row.over and not button.disabled:
                button.disabled = True
                _listen_while_busy(button)
            pin = self.pins.get(row.candidate.id)
            if pin is not None and (row.over or row.pinned) and not pin.disabled:
                pin.disabled = True
                _listen_while_busy(pin)

    def _make_buttons(self, state: RunState) -> None:
        import ipywidgets

        for row in state.candidates.values():
            button = ipywidgets.Button(
                description=f"Cancel {row.candidate.name}", layout={"width": "auto"}
            )
            button.on_click(partial(self._cancel, row.candidate.id))
            self.buttons[row.candidate.id] = button
            if row.candidate.stepwise:
                pin = ipywidgets.Button(
                    description=f"Pin {row.candidate.name}",
                    tooltip="Train it to its end even when others are better",
                    layout={"width": "auto"},
                )
                pin.on_click(partial(self._pin, row.candidate.id))
                self.pins[row.candidate.id] = pin
        everything = ipywidgets.Button(
            description="Cancel all", button_style="warning", layout={"width": "auto"}
        )
        everything.on_click(self._cancel_all)
        self.buttons["all"] = everything
        shown = [*self.pins.values(), *self.buttons.values()]
        for button in shown:
            _listen_while_busy(button)
        layout = {"flex_flow": "row wrap"}
        self._box = _display()(ipywidgets.Box(shown, layout=layout), display_id=True)

    def _cancel(self, candidate: str, button: Any) -> None:
        button.disabled = True
        self._control.cancel(candidate)

    def _pin(self, candidate: str, button: Any) -> None:
        button.disabled = True
        self._control.pin(candidate)

    def _cancel_all(self, button: Any) -> None:
        button.disabled = True
        self._control.stop()


def _display() -> Any:
    return import_module("IPython.display").display


def _listen_while_busy(widget: Any) -> None:
    """Let clicks come in over the subshell that JupyterLab sends them to.

    ipykernel from 7.4 on instead hands them to the shell from which the widget last spoke, which
    is the one that is busy with our cell.
    """
    vars(widget.comm).pop("_reply_subshell_id", None)
