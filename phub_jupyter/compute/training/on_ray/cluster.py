"""The Ray cluster as the race sees it: lanes that turns of candidates are sent down."""

from __future__ import annotations

import threading
import time
from importlib import import_module
from typing import Any

from phub_jupyter.compute.training.control import Control
from phub_jupyter.compute.training.on_ray.board import Board
from phub_jupyter.compute.training.on_ray.node import Answer, Order, perform
from phub_jupyter.compute.training.on_ray.spec import Spec, board_name
from phub_jupyter.compute.training.record import Record
from phub_jupyter.errors import InvalidRequestError

__all__ = ["Cluster"]

_LOOK_EVERY = 0.5  # seconds
_TELL_EVERY = 1.0  # seconds; each line of progress goes over the network to the notebook
_PATIENCE = 30.0  # seconds until a turn that does not hear a wish is ended from outside


class Cluster:
    """Open while a run is on it. ``lanes`` is how many turns it has room for at a time."""

    def __init__(self, spec: Spec, token: str, record: Record, control: Control) -> None:
        self._ray = ray = _library("ray")
        self.spec = spec
        self.token = token
        self.lanes = _lanes(spec, ray.cluster_resources())
        here = _library("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        actor = ray.remote(Board).options(
            name=board_name(spec.run), num_cpus=0, scheduling_strategy=here
        )
        self._board = actor.remote()
        self._task = ray.remote(perform).options(
            num_cpus=spec.cpus, num_gpus=spec.gpus, max_retries=spec.retries
        )
        self._at_work: set[str] = set()
        self._telling = threading.Lock()
        self._over = threading.Event()
        self._listener = threading.Thread(target=self._listen, args=(record, control), daemon=True)
        self._listener.start()

    def perform(self, order: Order, parcel: bytes | None, control: Control) -> Answer:
        """Have a turn done somewhere. Raises what went wrong there, or CancelledError.

        Ray repeats a turn whose machine was lost, as often as the spec allows.
        """
        self._at_work.add(order.candidate)
        try:
            return self._result(self._task.remote(order, parcel, self._board), order, control)
        finally:
            with self._telling:
                self._at_work.remove(order.candidate)

    def _result(self, answer: Any, order: Order, control: Control) -> Answer:
        ray = self._ray
        impatient: float | None = None
        while not ray.wait([answer], timeout=_LOOK_EVERY)[0]:
            if not control.may_step(order.candidate):
                impatient = impatient or time.monotonic() + _PATIENCE
                if time.monotonic() > impatient:
                    ray.cancel(answer, force=True)
        try:
            found: Answer = ray.get(answer)
        except ray.exceptions.RayTaskError as error:
            raise error.cause or error from None
        except ray.exceptions.RayError:
            control.check(order.candidate)  # it may have been ended from outside
            raise
        return found

    def close(self) -> None:
        """Hand the last progress on."""
        self._over.set()
        self._listener.join()

    def _listen(self, record: Record, control: Control) -> None:
        while not self._over.wait(_TELL_EVERY):
            progress, wishes = self._ray.get(
                [self._board.take_progress.remote(), self._board.wishes.remote()]
            )
            with self._telling:  # else a late line would seem to come after the result
                for line in progress:
                    if line["candidate"] in self._at_work:
                        record.append(**line)
            control.heed(wishes)


def _library(name: str) -> Any:
    return import_module(name)


def _lanes(spec: Spec, resources: dict[str, float]) -> int:
    wanted = {"CPU": spec.cpus, "GPU": spec.gpus}
    lanes = [resources.get(name, 0.0) / share for name, share in wanted.items() if share > 0]
    if min(lanes) < 1:
        there = ", ".join(f"{resources.get(name, 0):g} {name}" for name in wanted)
        raise InvalidRequestError(
            f"cpus-per-trial, gpus-per-trial: the cluster has {there} and no room for a single "
            f"candidate with {spec.cpus:g} CPU and {spec.gpus:g} GPU; ask for less."
        )
    return int(min(lanes))
