"""Who is tried, and who goes on: cheap heads first, then successive halving in each family."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from phub_jupyter.compute.training.control import CancelledError, Control, StoppedError
from phub_jupyter.compute.training.journal import Journal
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.ranking import GONE, ranked
from phub_jupyter.compute.training.scores import rank_key
from phub_jupyter.compute.training.search import propose
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace
from phub_jupyter.compute.training.state import CandidateState
from phub_jupyter.compute.training.trials import Trials
from phub_jupyter.errors import HubError

__all__ = ["Race"]

_log = logging.getLogger(__name__)


class Race:
    """Tries the candidates of a plan; what happened is in the journal.

    As many of them at a time as the trials have lanes: one on this machine, more on a cluster.
    """

    def __init__(
        self,
        journal: Journal,
        trials: Trials,
        spaces: Mapping[str, FamilySpace],
        settings: Settings,
        control: Control,
    ) -> None:
        self._journal = journal
        self._plan = journal.state.plan
        self._trials = trials
        self._spaces = spaces
        self._metric = journal.state.metric
        self._seed = settings.seed
        self._control = control
        self._deciding = threading.Lock()

    def run(self) -> None:
        """Fit what is fitted at one go, then let the others climb from rung to rung."""
        _ = self._trials.engine  # a model that cannot be loaded is refused before any work
        self._each(map(self._row, self._plan.fitted), self._fit)
        for rung in self._plan.rungs:
            self._each(self._order(), partial(self._climb, rung=rung))
            if rung != self._plan.rungs[-1] and not self._hurry():
                self._economize(rung)
        self._note_pins()

    def _each(
        self, rows: Iterable[CandidateState], attempt: Callable[[CandidateState], None]
    ) -> None:
        """Attempt all of them, lane by lane; a wish to stop ends the others as well."""
        if self._trials.lanes == 1:
            for row in rows:
                attempt(row)
            return
        with ThreadPoolExecutor(self._trials.lanes) as lanes:
            list(lanes.map(attempt, rows))

    def _fit(self, row: CandidateState) -> None:
        if row.over:
            return
        self._attempt(row.candidate, self._trials.fit)
        if row.validation is not None:
            self._journal.write("status", candidate=row.candidate.id, status="finished")

    def _climb(self, row: CandidateState, rung: int) -> None:
        if self._is_there(row, rung):
            return
        if row.step == 0 and not self._can_afford(self._plan.rungs[-1]):
            reason = "the time budget allows no further candidate"
            self._trials.drop(row.candidate, "dropped", reason)
        elif not self._hurry():
            train = partial(self._trials.train, rung=rung, hurry=self._hurry)
            self._attempt(row.candidate, train)
            if rung != self._plan.rungs[-1] and not self._hurry():
                with self._deciding:
                    self._thin(rung)

    def _order(self) -> list[CandidateState]:
        """As planned at first; then the best first, in case that time runs out."""
        alive = self._alive()
        best = ranked(self._metric, alive)
        return [*best, *(row for row in alive if row not in best)]

    def _thin(self, rung: int) -> None:
        """Drop those that cannot be among the best of their family any more.

        It happens as soon as it is sure, so that few checkpoints wait on the disk at a time.
        """
        for family, number in self._plan.survivors(rung).items():
            there = [
                row
                for row in self._alive()
                if row.candidate.family == family and self._is_there(row, rung)
            ]
            for row in ranked(self._metric, there)[number:]:
                if not self._pinned(row):
                    steps = self._plan.goal(row.candidate, rung)
                    reason = f"not among the best {number} of its family after {steps} steps"
                    self._trials.drop(row.candidate, "dropped", reason)

    def _economize(self, rung: int) -> None:
        """Go on with the best one only, if the time budget does not allow more."""
        alive = ranked(self._metric, self._alive())
        steps = (self._plan.rungs[-1] - rung) * len(alive)
        if self._can_afford(steps):
            return
        for row in alive[1:]:
            if not self._pinned(row):
                reason = "the time budget allows only the best one to go on"
                self._trials.drop(row.candidate, "dropped", reason)

    def _can_afford(self, steps: int) -> bool:
        """Whether the time budget allows so many more steps, at the speed seen so far.

        A budget should rather buy one fine-tune that is ready than several that are not.
        """
        tried = [row for row in map(self._row, self._plan.stepwise) if row.step > 0]
        if not tried:
            return True
        per_step = sum(row.seconds for row in tried) / sum(row.step for row in tried)
        return steps * per_step <= self._control.time_left

    def _attempt(self, planned: Candidate, trial: Callable[[Candidate], None]) -> None:
        """Try one candidate; one that fails is marked and leaves the others alone."""
        if not planned.stepwise and self._too_late(planned):
            reason = "the time budget allows no further candidate"
            self._trials.drop(self._row(planned).candidate, "dropped", reason)
            return
        with self._deciding:
            self._note_pins()
        try:
            self._control.check(planned.id)
            with self._deciding:
                self._propose(planned)
                candidate = self._row(planned).candidate
                self._journal.write("status", candidate=candidate.id, status="running")
            trial(candidate)
        except CancelledError:
            self._trials.drop(self._row(planned).candidate, "cancelled", "")
            return
        except StoppedError:
            self._journal.write("status", candidate=planned.id, status="paused")
            raise
        except Exception as error:
            _log.warning("%s failed", planned.name, exc_info=True)
            known = isinstance(error, HubError)
            reason = str(error) if known else f"{type(error).__name__}: {error}"[:300]
            self._trials.drop(self._row(planned).candidate, "failed", reason)
            return
        self._journal.write("status", candidate=planned.id, status="paused")

    def _propose(self, planned: Candidate) -> None:
        if not self._row(planned).candidate.open:
            return
        family = self._journal.state.of_family(planned.family)
        tried = [
            (row.candidate.parameters, rank_key(self._metric, row.validation))
            for row in family
            if row.validation is not None
        ]
        # What is being tried counts as the worst so far, so that the search looks elsewhere.
        worst = min((score for _, score in tried), default=0.0)
        tried += [
            (row.candidate.parameters, worst)
            for row in family
            if row.validation is None and row.status == "running" and not row.candidate.open
        ]
        parameters = propose(self._spaces[planned.family], tried, self._seed)
        self._journal.write("proposed", candidate=planned.id, parameters=parameters)

    def _pinned(self, row: CandidateState) -> bool:
        if not row.pinned and self._control.pinned(row.candidate.id):
            self._journal.write("pinned", candidate=row.candidate.id)
        return row.pinned

    def _note_pins(self) -> None:
        """Keep the person's pins in the record, so that a resumed run knows them."""
        for row in self._alive():
            self._pinned(row)

    def _is_there(self, row: CandidateState, rung: int) -> bool:
        return row.scored_step >= self._plan.goal(row.candidate, rung)

    def _hurry(self) -> bool:
        # Without any score there would be nothing to hand back.
        return self._control.time_left <= 0 and bool(ranked(self._metric, self._alive()))

    def _too_late(self, planned: Candidate) -> bool:
        """Whether the time is over, and there is another like this to hand back."""
        others = [row for row in map(self._row, self._plan.fitted) if row.candidate.publishable]
        scored = any(row.validation is not None for row in others)
        return planned.publishable and self._control.time_left <= 0 and scored

    def _alive(self) -> list[CandidateState]:
        rows = map(self._row, self._plan.stepwise)
        return [row for row in rows if row.status not in GONE]

    def _row(self, candidate: Candidate) -> CandidateState:
        return self._journal.state.of(candidate)
