"""One turn of a candidate on a machine of the cluster: the trials of a run, nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from phub_jupyter.compute.training.control import CancelledError, Control, StoppedError
from phub_jupyter.compute.training.journal import Journal
from phub_jupyter.compute.training.on_ray.fetch import dataset_folder, model_folder
from phub_jupyter.compute.training.on_ray.parcel import pack, unpack
from phub_jupyter.compute.training.on_ray.spec import Spec
from phub_jupyter.compute.training.prepare import Prepared, prepare
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.compute.training.record import Record
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.trials import Trials
from phub_jupyter.errors import HubError

__all__ = ["Answer", "Order", "perform"]

_ASK_EVERY = 1.0  # seconds between two looks at the board


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: ``engine``, ``fit``, ``train``, ``validate`` or ``test``.

    ``events`` are the lines of the record that matter for it. ``seconds_left`` is what the time
    budget still has; it counts only if ``others_scored``.
    """

    spec: Spec
    token: str = field(repr=False)
    action: str
    events: tuple[dict[str, Any], ...]
    candidate: str = ""
    rung: int = 0
    seconds_left: float | None = None
    others_scored: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: new lines for the record, the candidate's folder, and why it ended."""

    events: tuple[dict[str, Any], ...]
    parcel: bytes | None = None
    error: CancelledError | StoppedError | HubError | None = None


class _Lines(Record):
    """The record of one turn, in memory. Progress goes to the board, where it is seen at once."""

    def __init__(self, folder: Path, events: tuple[dict[str, Any], ...], board: Any) -> None:
        super().__init__(folder)
        self._known = events
        self._board = board
        self.new: list[dict[str, Any]] = []

    def append(self, event: str, **fields: Any) -> None:
        line = {"event": event, "time": round(time.time(), 3), **fields}
        if event == "progress":
            self._board.progress.remote(fields["candidate"], line)
        else:
            self.new.append(line)

    def events(self) -> Any:
        yield from self._known


class _BoardControl(Control):
    """Wishes from the board, asked for now and then."""

    def __init__(self, board: Any, seconds_left: float | None) -> None:
        super().__init__()
        self._board = board
        self._next = 0.0
        self.limit(seconds_left)

    def may_step(self, candidate: str) -> bool:
        self._ask()
        return super().may_step(candidate)

    def check(self, candidate: str) -> None:
        self._ask()
        super().check(candidate)

    def _ask(self) -> None:
        ray: Any = import_module("ray")
        if time.monotonic() < self._next:
            return
        self.heed(ray.get(self._board.wishes.remote()))
        self._next = time.monotonic() + _ASK_EVERY


@dataclass(slots=True)
class _Bench:
    """What a process keeps from one turn to the next: rows, tokens, embeddings."""

    prepared: Prepared
    model: Path
    folder: TemporaryDirectory[str]
    shared: dict[Hashable, Any] = field(default_factory=dict)


_BENCHES: dict[str, _Bench] = {}


def perform(order: Order, parcel: bytes | None, board: Any) -> Answer:
    """Do what is ordered with the candidate as ``parcel`` has it.

    It can be repeated on another machine with the same result: everything it needs comes with it.
    """
    bench = _bench(order)
    folder = Path(bench.folder.name)
    own = folder / (order.candidate or "none")
    os.chdir(folder)  # Ray may take the job's own folder away while it runs
    unpack(parcel, own)
    lines = _Lines(folder, order.events, board)
    control = _BoardControl(board, order.seconds_left)
    journal, settings = Journal(lines), bench.prepared.settings
    recipe = recipe_for(settings.task)
    trials = Trials(journal, recipe, bench.prepared.data, bench.model, settings, control)
    trials.shared = bench.shared
    error = None
    try:
        _act(order, trials, journal, control)
    except (CancelledError, StoppedError, HubError) as problem:
        error = problem
    packed = pack(own)
    unpack(None, own)
    return Answer(tuple(lines.new), packed, error)


def _act(order: Order, trials: Trials, journal: Journal, control: Control) -> None:
    if order.action == "engine":
        _ = trials.engine
        return
    candidate = journal.state.candidates[order.candidate].candidate
    if order.action == "train":
        trials.train(candidate, order.rung, lambda: order.others_scored and control.time_left <= 0)
    else:
        {"fit": trials.fit, "validate": trials.validate, "test": trials.test}[order.action](
            candidate
        )


def _bench(order: Order) -> _Bench:
    spec, token = order.spec, order.token
    if spec.run not in _BENCHES:
        _BENCHES.clear()
        prepared = prepare(Settings(**spec.settings), dataset_folder(spec, token), spec.has_model)
        folder = TemporaryDirectory(prefix="phub-")
        _BENCHES[spec.run] = _Bench(prepared, model_folder(spec, token), folder)
    return _BENCHES[spec.run]
