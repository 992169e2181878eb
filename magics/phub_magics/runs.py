"""``%phub runs``: the training runs on this machine, one of them, and the push of a ready one."""

from __future__ import annotations

import argparse
from typing import Any

from phub_jupyter.compute.training import Record
from phub_jupyter.compute.training.scores import shown
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError, NotFoundError
from phub_magics.arguments import kept
from phub_magics.connection import Connection
from phub_magics.push import TrainingResult, push_run
from phub_magics.run_folder import runs_folder
from phub_magics.run_view import RunView
from phub_magics.table import Table

__all__ = ["add_arguments", "run"]

_HEADINGS = ("Run", "State", "Model", "Dataset", "Candidates", "Best on validation", "Pushed to")
_EMPTY = "There are no runs yet; start one with %phub train."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``%phub runs`` takes."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="RUN | push RUN",
        help="show one of the runs with its learning curves; push: put its best model on the hub",
    )
    parser.add_argument(
        "--push",
        type=kept,
        default=0,
        metavar="best|all|N",
        help="how many of those that were kept (default: as the run was told)",
    )


def run(args: argparse.Namespace, shell: Any) -> Table | RunView | TrainingResult:
    """List the runs, newest first, show one of them, or finish a push that failed.

    Raises InvalidRequestError, NotFoundError, and whatever the hub refuses.
    """
    match args.words:
        case ["push", *names] if len(names) < 2:
            return _push(names[0] if names else None, args.push)
        case [name]:
            return RunView(RunState.read(_find(name).events()), name)
        case [_, *_]:
            raise InvalidRequestError("RUN: name one run: %phub runs RUN or %phub runs push RUN.")
    folders = sorted(
        (path.parent for path in runs_folder().glob(f"*/{Record.FILE_NAME}")), reverse=True
    )
    return Table("Training runs", _HEADINGS, [_row(Record(folder)) for folder in folders], _EMPTY)


def _row(record: Record) -> tuple[str, ...]:
    state = RunState.read(record.events())
    if not state.started:
        return (record.name, "never started", *[""] * (len(_HEADINGS) - 2))
    sources = state.started.get("sources", {})
    winner = state.candidates.get(state.winner or "")
    best = ""
    if winner is not None and winner.validation is not None:
        best = f"{state.metric.label} {shown(state.metric, winner.validation)}"
    return (
        record.name,
        _state(state),
        (sources.get("model") or {}).get("repo", ""),
        sources.get("dataset", {}).get("repo", ""),
        str(len(state.candidates)),
        best,
        state.pushed or "",
    )


def _state(state: RunState) -> str:
    if state.status == "finished" and not state.pushed:
        return "ready to push"
    return {"stopped": "stopped, can be resumed", "running": "running, or ended by a crash"}.get(
        state.status, state.status
    )


def _find(name: str) -> Record:
    try:
        return Record.find(runs_folder(), name)
    except NotFoundError:
        raise NotFoundError(
            f"RUN: there is no run '{name}'; %phub runs lists those there are."
        ) from None


def _push(name: str | None, number: int | None) -> TrainingResult:
    if name is None:
        raise InvalidRequestError("RUN: missing; choose one of %phub runs: %phub runs push RUN.")
    record = _find(name)
    state = RunState.read(record.events())
    if state.pushed and number == 0:  # with a number, others may follow the best
        raise InvalidRequestError(f"RUN: '{name}' was pushed to {state.pushed} already.")
    if state.status != "finished":
        raise InvalidRequestError(
            f"RUN: '{name}' is not finished; go on with %phub train --resume {name}."
        )
    target = record.started()["sources"]["to"]
    return push_run(
        Connection.from_environment(),
        record,
        target["repo"],
        private=target["private"],
        number=len(state.candidates) if number is None else number or state.keep,
    )
