"""What is done with one candidate: train it to a step, score it, drop it, publish it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from phub_jupyter.compute.training.control import Control
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.journal import Journal
from phub_jupyter.compute.training.plan import BATCH_SIZE, Candidate
from phub_jupyter.compute.training.recipes.recipe import Recipe, Trial, Work
from phub_jupyter.compute.training.state import CandidateState

__all__ = ["Trials"]


class Trials:
    """The work on single candidates; every result goes into the journal."""

    def __init__(
        self,
        journal: Journal,
        recipe: Recipe,
        data: Data,
        model_folder: Path,
        seed: int,
        control: Control,
    ) -> None:
        self._journal = journal
        self._recipe = recipe
        self._data = data
        self._model_folder = model_folder
        self._seed = seed
        self._control = control
        self._folder = journal.record.folder

    @cached_property
    def engine(self) -> Engine:
        """The engine of the run: measured once, then taken from the record."""
        known = self._journal.state.engine
        if known:
            engine = Engine.from_json(known)
        else:
            engine = self._recipe.engine(self._data, self._model_folder)
            self._journal.write("engine", **engine.as_json())
        engine.apply()
        return engine

    def fit(self, candidate: Candidate) -> None:
        """Fit a candidate at one go and score it on the validation rows."""
        self._advance(self._trial(candidate), candidate, 1, lambda step: True)

    def train(self, candidate: Candidate, rung: int, hurry: Callable[[], bool]) -> None:
        """Train up to the rung, or until stopped or out of time, and score what there is."""
        row = self._row(candidate)
        begin, before = time.monotonic(), row.seconds

        def on_step(step: int) -> bool:
            self._journal.progress(candidate.id, step, before + time.monotonic() - begin)
            return step < rung and self._control.may_step(candidate.id) and not hurry()

        self._advance(self._trial(candidate), candidate, rung, on_step)

    def _advance(
        self, trial: Trial, candidate: Candidate, rung: int, on_step: Callable[[int], bool]
    ) -> None:
        row = self._row(candidate)
        begin, before = time.monotonic(), row.seconds
        if row.checkpoint < rung:
            step = trial.fit(row.checkpoint, on_step)
            self._journal.write("checkpoint", candidate=candidate.id, step=step)
        self._control.check(candidate.id)
        self._score(trial, candidate, "validation", before + time.monotonic() - begin)

    def drop(self, candidate: Candidate, status: str, reason: str) -> None:
        """Mark a candidate as over and free its disk space."""
        self._journal.write("status", candidate=candidate.id, status=status, reason=reason)
        self._trial(candidate).discard()

    def test(self, candidate: Candidate) -> None:
        """Score on the test rows, which nothing was chosen by."""
        row = self._row(candidate)
        if row.test is not None:
            return
        self._score(self._trial(candidate), candidate, "test", row.seconds)

    def publishable(self, winner: Candidate, baseline: Candidate | None) -> Path:
        """Write the folder to publish: weights, tokenizer, configuration and metrics."""
        folder = self._folder / "publish"
        row = self._row(winner)
        self._trial(winner).save(folder, row.checkpoint)
        metrics = {
            "candidates": len(self._journal.state.candidates),
            "winner": _metrics(row),
            "baseline": _metrics(self._row(baseline)) if baseline else None,
        }
        (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
        return folder

    def _row(self, candidate: Candidate) -> CandidateState:
        return self._journal.state.of(candidate)

    def _trial(self, candidate: Candidate) -> Trial:
        work = Work(
            self._data,
            self._model_folder,
            self._folder,
            self.engine,
            self._seed,
            total=self._journal.state.plan.rungs[-1],
            batch_size=BATCH_SIZE,
            check=lambda: self._control.check(candidate.id),
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
            split=split,
            step=step,
            scores=self._recipe.score(self._data, split, predictions).as_json(),
            seconds=round(seconds + (time.monotonic() - begin if split != "test" else 0), 2),
        )


def _metrics(row: CandidateState) -> dict[str, object]:
    return {
        "name": row.candidate.name,
        "parameters": row.candidate.parameters,
        "steps": row.scored_step,
        "validation": row.validation.as_json() if row.validation else None,
        "test": row.test.as_json() if row.test else None,
    }
