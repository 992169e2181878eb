"""What is done with one candidate: train it to a step, score it, drop it, publish it."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Hashable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.control import Control
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.journal import Journal
from phub_jupyter.compute.training.memory import fitting, is_out_of_memory, smaller
from phub_jupyter.compute.training.memory_limit import MemoryWatch, OverLimitError
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Recipe, Remarking, Trial, Work
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.state import CandidateState
from phub_jupyter.errors import InvalidRequestError

__all__ = ["Trials"]


class Trials:
    """The work on single candidates; every result goes into the journal.

    ``lanes`` is how many of them may be worked on at a time.
    """

    lanes = 1

    def __init__(
        self,
        journal: Journal,
        recipe: Recipe,
        data: Data,
        model_folder: Path,
        settings: Settings,
        control: Control,
    ) -> None:
        self._journal = journal
        self._recipe = recipe
        self._data = data.with_quick(settings.seed)
        self._model_folder = model_folder
        self._settings = settings
        self._control = control
        self._plan = journal.state.plan
        self.shared: dict[Hashable, Any] = {}
        self._folder = journal.record.folder

    @cached_property
    def engine(self) -> Engine:
        """The engine of the run: measured once, then taken from the record."""
        known = self._journal.state.engine
        if known:
            engine = Engine.from_json(known)
        else:
            engine = self._recipe.engine(self._data, self._model_folder)
            if isinstance(self._recipe, Remarking):
                said = self._recipe.remarks(self._data, self._model_folder)
                self._journal.write("remarks", sentences=list(said))
            self._journal.write("engine", **engine.as_json())
        engine.apply()
        return engine

    def fit(self, candidate: Candidate) -> None:
        """Fit a candidate at one go and score it on the validation rows."""
        self._advance(candidate, 1, lambda step: True, "validation")

    def train(self, candidate: Candidate, rung: int, hurry: Callable[[], bool]) -> None:
        """Train up to the rung, or until stopped or out of time, and score what there is."""
        goal = self._plan.goal(candidate, rung)
        row = self._row(candidate)
        begin, before = time.monotonic(), row.seconds

        def on_step(step: int) -> bool:
            self._journal.progress(candidate.id, step, before + time.monotonic() - begin)
            return step < goal and self._control.may_step(candidate.id) and not hurry()

        split = "validation" if rung == self._plan.rungs[-1] else "quick"
        self._advance(candidate, goal, on_step, split)

    def _advance(
        self, candidate: Candidate, goal: int, on_step: Callable[[int], bool], split: str
    ) -> None:
        row = self._row(candidate)
        begin, before = time.monotonic(), row.seconds
        with MemoryWatch(self._settings.max_memory, self.engine.device) as watch:
            trial = self._trial(candidate, watch)
            try:
                if row.checkpoint < goal:
                    trial, step = self._fit(trial, candidate, on_step, watch)
                    self._journal.write("checkpoint", candidate=candidate.id, step=step)
                self._control.check(candidate.id)
                self._score(trial, candidate, split, before + time.monotonic() - begin)
            except OverLimitError as error:
                raise error.refusal() from None
            finally:
                self._note(candidate, trial, watch)

    def _fit(
        self,
        trial: Trial,
        candidate: Candidate,
        on_step: Callable[[int], bool],
        watch: MemoryWatch,
    ) -> tuple[Trial, int]:
        """Train; when memory does not suffice, again from the last checkpoint in smaller parts.

        Raises InvalidRequestError when the smallest parts are too large.
        """
        row = self._row(candidate)
        while True:
            refusal, rows = _TOO_LARGE, None
            try:
                step = trial.fit(row.checkpoint, on_step)
                watch.check()
                return trial, step
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                if isinstance(error, OverLimitError):
                    refusal, rows = error.refusal(), error.rows
            # Outside of the handler, whose traceback keeps the tensors of the failed step.
            trial.release()
            self._note(candidate, trial, watch)
            next_try = smaller(row.memory, candidate.batch_size)
            if next_try is not None and rows is not None and candidate.batch_size > 1:
                next_try = fitting(row.memory, candidate.batch_size, rows)
            if next_try is None or watch.is_over or not candidate.stepwise:
                raise refusal
            self._journal.write("smaller", candidate=candidate.id, **asdict(next_try))
            trial = self._trial(candidate, watch)

    def _note(self, candidate: Candidate, trial: Trial, watch: MemoryWatch) -> None:
        """Write down how much memory was held, and begin anew without it."""
        if watch.limit is None:
            gc.collect()
            return
        trial.release()
        self._journal.write("peak", candidate=candidate.id, bytes=watch.peak)
        watch.reset()

    def is_whole(self, row: CandidateState) -> bool:
        """Whether a candidate was scored on all validation rows."""
        return row.validation is not None and row.validation.rows >= len(self._data.validation)

    def validate(self, candidate: Candidate) -> None:
        """Score on all validation rows, unless that was done."""
        row = self._row(candidate)
        if not self.is_whole(row):
            self._score(self._trial(candidate), candidate, "validation", row.seconds)

    def drop(self, candidate: Candidate, status: str, reason: str) -> None:
        """Mark a candidate as over and free its disk space."""
        self._journal.write("status", candidate=candidate.id, status=status, reason=reason)
        if not candidate.open:
            self._trial(candidate).discard()

    def test(self, candidate: Candidate) -> None:
        """Score on the test rows, which nothing was chosen by."""
        row = self._row(candidate)
        if row.test is not None:
            return
        self._score(self._trial(candidate), candidate, "test", row.seconds)

    def publishable(self, row: CandidateState, baseline: CandidateState | None) -> Path:
        """Write the folder to publish: weights, tokenizer, configuration and metrics."""
        winner = row.candidate.id == self._journal.state.winner
        folder = self._folder / ("publish" if winner else f"publish-{row.candidate.id}")
        self._trial(row.candidate).save(folder, row.checkpoint)
        metrics = {
            "candidates": len(self._journal.state.candidates),
            "winner" if winner else "candidate": _metrics(row),
            "baseline": _metrics(baseline) if baseline else None,
        }
        (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
        return folder

    def _row(self, candidate: Candidate) -> CandidateState:
        return self._journal.state.of(candidate)

    def _trial(self, candidate: Candidate, watch: MemoryWatch | None = None) -> Trial:
        watch = watch or MemoryWatch(None, self.engine.device)

        def check() -> None:
            self._control.check(candidate.id)
            watch.check()

        work = Work(
            self._data,
            self._model_folder,
            self._folder,
            self.engine,
            self._settings.seed,
            total=self._plan.total(candidate),
            batch_size=candidate.batch_size,
            check=check,
            slices=self._row(candidate).memory.slices,
            checkpointing=self._row(candidate).memory.checkpointing,
            shared=self.shared,
            watch=watch,
            on_loss=lambda step, loss: self._journal.write(
                "loss", candidate=candidate.id, step=step, loss=loss
            ),
        )
        return self._recipe.trial(candidate, work)

    def _score(self, trial: Trial, candidate: Candidate, split: str, seconds: float) -> None:
        begin = time.monotonic()
        step = self._row(candidate).checkpoint
        predictions = trial.predict(split, step)
        trial.release()
        self._journal.write(
            "scores",
            candidate=candidate.id,
            split="test" if split == "test" else "validation",
            step=step,
            scores=self._recipe.score(self._data, split, predictions).as_json(),
            seconds=round(seconds + (time.monotonic() - begin if split != "test" else 0), 2),
        )


_TOO_LARGE = InvalidRequestError(
    "model: it needs more memory than this machine has, even one row at a time; start from a "
    "smaller model."
)


def _metrics(row: CandidateState) -> dict[str, object]:
    return {
        "name": row.candidate.name,
        "parameters": row.candidate.parameters,
        "steps": row.scored_step,
        "validation": row.validation.as_json() if row.validation else None,
        "test": row.test.as_json() if row.test else None,
    }
