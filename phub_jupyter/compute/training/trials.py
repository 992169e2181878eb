"""What is done with one candidate: train it to a step, score it, drop it, publish it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from phub_jupyter.compute.training.control import Control
from phub_jupyter.compute.training.embeddings import EmbeddingCache
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.examples import Splits
from phub_jupyter.compute.training.fine_tune import FineTune, load_model
from phub_jupyter.compute.training.heads import predict_with_head
from phub_jupyter.compute.training.journal import Journal
from phub_jupyter.compute.training.metrics import Scores, score
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.state import CandidateState

__all__ = ["Trials"]


class Trials:
    """The work on single candidates; every result goes into the journal."""

    def __init__(
        self, journal: Journal, splits: Splits, model_folder: Path, seed: int, control: Control
    ) -> None:
        self._journal = journal
        self._splits = splits
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
            engine = Engine.choose(load_model(self._model_folder, self._splits.label_names))
            self._journal.write("engine", **engine.as_json())
        engine.apply()
        return engine

    def head(self, candidate: Candidate) -> None:
        """Fit a cheap head and score it on the validation rows."""
        begin = time.monotonic()
        labels = self._head_labels(candidate, "validation")
        self._scores(candidate, "validation", labels, time.monotonic() - begin)

    def fine_tune(self, candidate: Candidate, rung: int, hurry: Callable[[], bool]) -> None:
        """Train up to the rung, or until stopped or out of time, and score what there is."""
        row = self._row(candidate)
        begin, before = time.monotonic(), row.seconds
        trainer = self._fine_tune(candidate)

        def on_step(step: int) -> bool:
            self._journal.progress(candidate.id, step, before + time.monotonic() - begin)
            return step < rung and self._control.may_step(candidate.id) and not hurry()

        if row.checkpoint < rung:
            step = trainer.train(row.checkpoint, on_step)
            self._journal.write("checkpoint", candidate=candidate.id, step=step)
        self._control.check(candidate.id)
        labels = trainer.predict("validation", row.checkpoint, self._before_batch(candidate))
        self._scores(candidate, "validation", labels, before + time.monotonic() - begin)

    def drop(self, candidate: Candidate, status: str, reason: str) -> None:
        """Mark a candidate as over and free its disk space."""
        self._journal.write("status", candidate=candidate.id, status=status, reason=reason)
        if candidate.is_fine_tune:
            self._fine_tune(candidate).discard()

    def test(self, candidate: Candidate) -> None:
        """Score on the test rows, which nothing was chosen by."""
        row = self._row(candidate)
        if row.test is not None:
            return
        if candidate.is_fine_tune:
            trainer = self._fine_tune(candidate)
            labels = trainer.predict("test", row.checkpoint, self._before_batch(candidate))
        else:
            labels = self._head_labels(candidate, "test")
        self._scores(candidate, "test", labels, row.seconds)

    def publishable(self, winner: Candidate, baseline: Candidate | None) -> Path:
        """Write the folder to publish: weights, tokenizer, configuration and metrics."""
        folder = self._folder / "publish"
        row = self._row(winner)
        self._fine_tune(winner).save(folder, row.checkpoint)
        metrics = {
            "candidates": len(self._journal.state.candidates),
            "winner": _metrics(row),
            "baseline": _metrics(self._row(baseline)) if baseline else None,
        }
        (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
        return folder

    def _row(self, candidate: Candidate) -> CandidateState:
        return self._journal.state.of(candidate)

    def _fine_tune(self, candidate: Candidate) -> FineTune:
        return FineTune(
            candidate,
            self._folder / candidate.id,
            self._model_folder,
            self._splits,
            self._journal.state.plan.rungs[-1],
            self._seed,
            self.engine,
        )

    def _head_labels(self, candidate: Candidate, split: str) -> list[int]:
        def cache() -> EmbeddingCache:
            return EmbeddingCache(
                self._folder,
                self._model_folder,
                self._splits,
                self.engine,
                self._before_batch(candidate),
            )

        return predict_with_head(candidate, self._splits, split, self._seed, cache)

    def _before_batch(self, candidate: Candidate) -> Callable[[], None]:
        return lambda: self._control.check(candidate.id)

    def _scores(self, candidate: Candidate, split: str, labels: list[int], seconds: float) -> None:
        truth = getattr(self._splits, split).labels
        found: Scores = score(truth, labels, len(self._splits.label_names))
        self._journal.write(
            "scores",
            candidate=candidate.id,
            split=split,
            step=self._row(candidate).checkpoint if candidate.is_fine_tune else 1,
            scores=found.as_json(),
            seconds=round(seconds, 2),
        )


def _metrics(row: CandidateState) -> dict[str, object]:
    return {
        "name": row.candidate.name,
        "parameters": row.candidate.parameters,
        "steps": row.scored_step,
        "validation": row.validation.as_json() if row.validation else None,
        "test": row.test.as_json() if row.test else None,
    }
