"""Runs a plan: cheap heads first, then fine-tunes under successive halving, then the winner."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.control import CancelledError, Control, StoppedError
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.journal import Journal
from phub_jupyter.compute.training.plan import Candidate, Plan, plan
from phub_jupyter.compute.training.recipes import recipe_for
from phub_jupyter.compute.training.record import Record
from phub_jupyter.compute.training.scores import rank_key
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.state import CandidateState
from phub_jupyter.compute.training.trials import Trials
from phub_jupyter.errors import HubError, InvalidRequestError

__all__ = ["Outcome", "run"]

_log = logging.getLogger(__name__)
_GONE = frozenset({"dropped", "cancelled", "failed"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished run found; ``folder`` holds what can be published, without a card."""

    winner: CandidateState
    baseline: CandidateState | None
    folder: Path


def run(
    record: Record,
    settings: Settings,
    data: Data,
    model_folder: Path,
    control: Control,
    sources: dict[str, Any] | None = None,
) -> Outcome:
    """Begin the run of ``record``, or go on with it, and return what was found.

    ``sources`` is kept in the record for the card. Raises StoppedError when the person stopped
    the run, InvalidRequestError when the model or every candidate is unusable.
    """
    recipe = recipe_for(settings.task)
    journal = Journal(record)
    if journal.state.started:
        journal.write("run", status="running")
    else:
        journal.write(
            "started",
            settings=asdict(settings),
            plan=plan(settings, recipe.space(data), len(data.train)).as_json(),
            labels=list(data.labels),
            problem=data.problem,
            columns=dict(data.columns),
            rows=data.rows(),
            metrics=_ranking_first(recipe.metrics, settings.metric),
            sources=sources or {},
        )
    trials = Trials(journal, recipe, data, model_folder, settings.seed, control)
    begin = time.monotonic()
    control.limit(settings.time_budget)
    try:
        with _quiet_transformers():
            outcome = _Race(journal, trials, settings.metric, control).run()
    except BaseException as error:
        status = "stopped" if isinstance(error, StoppedError) else "failed"
        reason = error.message if isinstance(error, HubError) else type(error).__name__
        journal.write("run", status=status, reason=reason, seconds=_since(begin))
        raise
    journal.write("run", status="finished", seconds=_since(begin))
    return outcome


class _Race:
    """Who is tried, who goes on, who wins."""

    def __init__(self, journal: Journal, trials: Trials, metric: str, control: Control) -> None:
        self._journal = journal
        self._plan = journal.state.plan
        self._trials = trials
        self._metric = metric
        self._control = control
        self._last_rung = self._plan.rungs[-1]

    def run(self) -> Outcome:
        _ = self._trials.engine  # a model that cannot be loaded is refused before any work
        for candidate in self._plan.fitted:
            if not self._row(candidate).over:
                self._attempt(candidate, self._trials.fit)
                if self._row(candidate).validation is not None:
                    self._journal.write("status", candidate=candidate.id, status="finished")
        for rung in self._plan.rungs:
            self._climb(rung)
        return self._select()

    def _climb(self, rung: int) -> None:
        for candidate in self._alive():
            row = self._row(candidate)
            if row.scored_step >= rung:
                continue
            if row.step == 0 and not self._can_afford(self._last_rung):
                reason = "the time budget allows no further candidate"
                self._trials.drop(candidate, "dropped", reason)
            elif not self._hurry():
                trial = partial(self._trials.train, rung=rung, hurry=self._hurry)
                self._attempt(candidate, trial)
        if rung == self._last_rung or self._hurry():
            return
        ranked = self._ranked(self._alive())
        keep = Plan.survivors(len(ranked))
        if not self._can_afford(keep * (self._last_rung - rung)):
            keep = 1
        for candidate in ranked[keep:]:
            reason = f"not among the best {keep} after {rung} steps"
            self._trials.drop(candidate, "dropped", reason)

    def _can_afford(self, steps: int) -> bool:
        """Whether the time budget allows so many more steps, at the speed seen so far.

        A budget should rather buy one fine-tune that is ready than several that are not.
        """
        tried = [row for row in map(self._row, self._plan.stepwise) if row.step > 0]
        if not tried:
            return True
        per_step = sum(row.seconds for row in tried) / sum(row.step for row in tried)
        return steps * per_step <= self._control.time_left

    def _attempt(self, candidate: Candidate, trial: Callable[[Candidate], None]) -> None:
        """Try one candidate; one that fails is marked and leaves the others alone."""
        self._journal.write("status", candidate=candidate.id, status="running")
        try:
            self._control.check(candidate.id)
            trial(candidate)
        except CancelledError:
            self._trials.drop(candidate, "cancelled", "")
            return
        except StoppedError:
            self._journal.write("status", candidate=candidate.id, status="paused")
            raise
        except Exception as error:
            _log.warning("%s failed", candidate.name, exc_info=True)
            self._trials.drop(candidate, "failed", f"{type(error).__name__}: {error}"[:300])
            return
        self._journal.write("status", candidate=candidate.id, status="paused")

    def _select(self) -> Outcome:
        ranked = self._ranked(self._publishable())
        if not ranked:
            raise InvalidRequestError(
                "candidates: none is left to publish, all were cancelled or failed; start again, "
                "or give more of them with --candidates."
            )
        compared = self._ranked([c for c in self._plan.candidates if not c.publishable])
        winner, baseline = ranked[0], compared[0] if compared else None
        self._journal.write(
            "selected", winner=winner.id, baseline=baseline.id if baseline else None
        )
        for candidate in [winner, *compared[:1]]:
            self._trials.test(candidate)
        folder = self._trials.publishable(winner, baseline)
        self._journal.write("status", candidate=winner.id, status="finished")
        for other in self._alive():
            if other != winner:
                reason = "another candidate was better on the validation rows"
                self._trials.drop(other, "dropped", reason)
        return Outcome(self._row(winner), self._row(baseline) if baseline else None, folder)

    def _hurry(self) -> bool:
        # Without any score there would be nothing to hand back.
        return self._control.time_left <= 0 and bool(self._ranked(self._alive()))

    def _alive(self) -> list[Candidate]:
        return [c for c in self._plan.stepwise if self._row(c).status not in _GONE]

    def _publishable(self) -> list[Candidate]:
        candidates = [c for c in self._plan.candidates if c.publishable]
        return [c for c in candidates if self._row(c).status not in _GONE]

    def _row(self, candidate: Candidate) -> CandidateState:
        return self._journal.state.of(candidate)

    def _ranked(self, candidates: list[Candidate]) -> list[Candidate]:
        """Those with scores, best first; on a tie the one that trained longer."""
        scored = [
            (rank_key(self._metric, row.validation), row)
            for row in map(self._row, candidates)
            if row.validation is not None
        ]
        scored.sort(key=lambda pair: (-pair[0], -pair[1].scored_step))
        return [row.candidate for _, row in scored]


def _ranking_first(metrics: tuple[str, ...], ranking: str) -> list[str]:
    return [ranking, *(name for name in metrics if name != ranking)]


def _since(begin: float) -> float:
    return round(time.monotonic() - begin, 2)


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """The table shows the progress; the library's own bars and reports would tear it."""
    messages: Any = import_module("transformers.utils.logging")
    level, bars = messages.get_verbosity(), messages.is_progress_bar_enabled()
    messages.set_verbosity_error()
    messages.disable_progress_bar()
    try:
        yield
    finally:
        messages.set_verbosity(level)
        if bars:
            messages.enable_progress_bar()
