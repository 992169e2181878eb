"""Trials whose work is done by machines of the cluster; the race does not notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.on_ray.cluster import Cluster
from phub_jupyter.compute.training.on_ray.node import Order
from phub_jupyter.compute.training.on_ray.parcel import pack, unpack
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.trials import Trials

__all__ = ["RayTrials"]

_RUN_WIDE = ("started", "engine")


class RayTrials(Trials):
    """Sends every turn of a candidate to the cluster, and its results into the journal.

    What a candidate has on disk lies here between two turns and travels with each: machines need
    share nothing, and one that is lost takes nothing with it but its unfinished turn.
    """

    def __init__(self, *args: Any, cluster: Cluster) -> None:
        super().__init__(*args)
        self._cluster = cluster
        self.lanes = cluster.lanes

    @cached_property
    def engine(self) -> Engine:
        """Measured on a machine as the candidates will have it, not on this one."""
        if not self._journal.state.engine:
            self._perform("engine")
        return Engine.from_json(self._journal.state.engine)

    def fit(self, candidate: Candidate) -> None:
        """Fit a candidate at one go and score it on the validation rows."""
        self._perform("fit", candidate)

    def train(self, candidate: Candidate, rung: int, hurry: Callable[[], bool]) -> None:
        """Train up to the rung, or until stopped or out of time, and score what there is."""
        self._perform("train", candidate, rung)

    def validate(self, candidate: Candidate) -> None:
        """Score on all validation rows, unless that was done."""
        if not self.is_whole(self._row(candidate)):
            self._perform("validate", candidate)

    def test(self, candidate: Candidate) -> None:
        """Score on the test rows, which nothing was chosen by."""
        if self._row(candidate).test is None:
            self._perform("test", candidate)

    def _perform(self, action: str, candidate: Candidate | None = None, rung: int = 0) -> None:
        left = self._control.time_left
        order = Order(
            self._cluster.spec,
            self._cluster.token,
            action,
            tuple(self._lines(candidate)),
            candidate.id if candidate else "",
            rung,
            seconds_left=None if left == float("inf") else left,
            others_scored=any(row.validation for row in map(self._row, self._plan.stepwise)),
        )
        folder = self._folder / (order.candidate or "none")
        answer = self._cluster.perform(order, pack(folder), self._control)
        unpack(answer.parcel, folder)
        for line in answer.events:
            self._journal.write(**line)
        if answer.error is not None:
            raise answer.error

    def _lines(self, candidate: Candidate | None) -> Iterator[dict[str, Any]]:
        """The lines of the record that a machine needs in order to go on with a candidate."""
        for line in self._journal.record.events():
            about = line.get("candidate")
            if line["event"] in _RUN_WIDE or (candidate is not None and about == candidate.id):
                yield line
