"""What a record says about a run: the one reading that resuming, table and card share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from phub_jupyter.compute.evaluation.metrics import Metric, metric_of
from phub_jupyter.compute.training.memory import Smaller
from phub_jupyter.compute.training.plan import Candidate, Plan
from phub_jupyter.compute.training.scores import Scores, better

__all__ = ["CandidateState", "RunState"]

_SURE = 1.96  # standard errors: 95 of 100 samples are nearer
OVER = frozenset({"finished", "dropped", "cancelled", "failed"})


@dataclass(slots=True)
class CandidateState:
    """How far one candidate got.

    ``status`` is waiting, running, paused, finished, dropped, cancelled or failed;
    ``checkpoint`` is the step from which its training can go on. ``total`` is the number of steps
    of its whole training. ``validation`` may be over a part of the rows (its ``rows`` says of how
    many) until the candidate is among the last. The search proposes the parameters of
    an ``open`` candidate when it is its turn. ``peak`` is the most bytes of memory that were held
    while it was worked on, where there is a limit to them. ``losses`` and ``course`` are the
    training loss and the validation scores by step; a repeated step counts as it was the last time.
    """

    candidate: Candidate
    total: int
    status: str = "waiting"
    reason: str = ""
    step: int = 0
    checkpoint: int = 0
    seconds: float = 0.0
    validation: Scores | None = None
    scored_step: int = 0
    test: Scores | None = None
    pinned: bool = False
    memory: Smaller = field(default_factory=Smaller)
    peak: int = 0
    losses: dict[int, float] = field(default_factory=dict)
    course: dict[int, Scores] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to this candidate."""
        return self.status in OVER


@dataclass(slots=True)
class RunState:
    """The whole run, built event by event.

    ``usages`` says what each part of it used, from its beginning or resumption to its end.
    """

    candidates: dict[str, CandidateState] = field(default_factory=dict)
    started: dict[str, Any] = field(default_factory=dict)
    engine: dict[str, Any] = field(default_factory=dict)
    winner: str | None = None
    baseline: str | None = None
    status: str = "waiting"
    seconds: float = 0.0
    pushed: str | None = None
    remarks: list[str] = field(default_factory=list)
    usages: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, events: Iterable[dict[str, Any]]) -> Self:
        """Follow the events of a record."""
        state = cls()
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: dict[str, Any]) -> None:
        """Take one event in; events of later releases that it does not know are passed over."""
        handler = _HANDLERS.get(event["event"])
        if handler is not None:
            handler(self, event)

    @property
    def plan(self) -> Plan:
        """The plan that the run started with."""
        return Plan.from_json(self.started["plan"])

    @property
    def baseline_wins(self) -> bool:
        """Whether the best cheap head did at least as well as the winner on validation."""
        rows = [self.candidates[key] for key in (self.winner, self.baseline) if key is not None]
        scores = [row.validation for row in rows if row.validation is not None]
        return len(scores) == 2 and not better(self.metric, scores[0], scores[1])

    @property
    def as_good(self) -> list[CandidateState]:
        """The candidates whose distance from the winner is within the noise of both scores.

        Scores count over the same number of rows only. That the rows are the same is not made
        use of, so this rather says too often than too rarely that two are alike.
        """
        winner = self.candidates.get(self.winner or "")
        if winner is None or winner.validation is None:
            return []
        best, name = winner.validation, self.metric.name
        return [
            row
            for row in self.candidates.values()
            if row is not winner
            and row.validation is not None
            and row.validation.rows == best.rows
            and abs(row.validation.values[name] - best.values[name])
            <= _SURE * math.hypot(row.validation.errors[name], best.errors[name])
        ]

    @property
    def metric(self) -> Metric:
        """The metric that ranks the candidates."""
        return self._metric(self.started["settings"]["metric"])

    @property
    def metrics(self) -> list[Metric]:
        """All metrics of the run; the one that ranks is the first."""
        return [self._metric(name) for name in self.started.get("metrics", ())]

    @property
    def keep(self) -> int:
        """How many candidates the person wants on the hub."""
        return int(self.started["settings"].get("keep", 1))

    def _metric(self, name: str) -> Metric:
        return metric_of(self.started["settings"]["task"], name, self.started.get("problem", ""))

    def of(self, candidate: Candidate) -> CandidateState:
        """The state of one candidate."""
        return self.candidates[candidate.id]

    def of_family(self, family: str) -> list[CandidateState]:
        """The candidates of a family, in the order in which they are tried."""
        return [row for row in self.candidates.values() if row.candidate.family == family]


def _started(state: RunState, event: dict[str, Any]) -> None:
    state.started = event
    state.status = "running"
    plan = state.plan
    for candidate in plan.candidates:
        state.candidates[candidate.id] = CandidateState(candidate, plan.total(candidate))


def _remarks(state: RunState, event: dict[str, Any]) -> None:
    state.remarks += [line for line in event["sentences"] if line not in state.remarks]


def _peak(state: RunState, event: dict[str, Any]) -> None:
    row = state.candidates[event["candidate"]]
    row.peak = max(row.peak, event["bytes"])


def _proposed(state: RunState, event: dict[str, Any]) -> None:
    row = state.candidates[event["candidate"]]
    row.candidate = replace(row.candidate, parameters=event["parameters"], open=False)
    row.total = state.plan.total(row.candidate)


def _pinned(state: RunState, event: dict[str, Any]) -> None:
    state.candidates[event["candidate"]].pinned = True


def _smaller(state: RunState, event: dict[str, Any]) -> None:
    row = state.candidates[event["candidate"]]
    row.memory = Smaller(event["slices"], event["checkpointing"])


def _engine(state: RunState, event: dict[str, Any]) -> None:
    state.engine = {key: event[key] for key in ("device", "threads", "bf16")}


def _status(state: RunState, event: dict[str, Any]) -> None:
    row = state.candidates[event["candidate"]]
    row.status = event["status"]
    row.reason = event.get("reason", "")
    row.seconds = event.get("seconds", row.seconds)


def _progress(state: RunState, event: dict[str, Any]) -> None:
    row = state.candidates[event["candidate"]]
    row.step = event["step"]
    row.seconds = event["seconds"]


def _loss(state: RunState, event: dict[str, Any]) -> None:
    state.candidates[event["candidate"]].losses[event["step"]] = event["loss"]


def _checkpoint(state: RunState, event: dict[str, Any]) -> None:
    row = state.candidates[event["candidate"]]
    row.checkpoint = row.step = event["step"]


def _scores(state: RunState, event: dict[str, Any]) -> None:
    row = state.candidates[event["candidate"]]
    scores = Scores.from_json(event["scores"])
    row.seconds = event.get("seconds", row.seconds)
    if event["split"] == "test":
        row.test = scores
    else:
        row.validation = scores
        row.course[event["step"]] = scores
        row.scored_step = row.step = event["step"]


def _selected(state: RunState, event: dict[str, Any]) -> None:
    state.winner = event["winner"]
    state.baseline = event["baseline"]


def _run_status(state: RunState, event: dict[str, Any]) -> None:
    state.status = event["status"]
    state.seconds += event.get("seconds", 0.0)
    if "usage" in event:
        state.usages.append(event["usage"])


def _pushed(state: RunState, event: dict[str, Any]) -> None:
    state.pushed = event["repo"]


_HANDLERS = {
    "started": _started,
    "engine": _engine,
    "smaller": _smaller,
    "remarks": _remarks,
    "peak": _peak,
    "proposed": _proposed,
    "pinned": _pinned,
    "status": _status,
    "progress": _progress,
    "loss": _loss,
    "checkpoint": _checkpoint,
    "scores": _scores,
    "selected": _selected,
    "run": _run_status,
    "pushed": _pushed,
}
