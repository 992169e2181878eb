"""A fine-tune that answers questions, and knows from which doubt on it had better not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from phub_jupyter.compute.evaluation.metrics.answers import compare
from phub_jupyter.compute.inference.pipelines.answer_spans import (
    WindowScores,
    best_spans,
    surplus_of_none,
)
from phub_jupyter.compute.inference.pipelines.question_answering import THRESHOLD
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.question_model import QuestionModel
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.stepwise import StepwiseTrial

__all__ = ["QuestionTrial", "best_threshold"]


class QuestionTrial(StepwiseTrial):
    """Where some questions have no answer, a threshold is chosen on the validation rows.

    While candidates are compared on some of those, it is chosen on the same ones.
    """

    def __init__(self, candidate: Candidate, model: QuestionModel, work: Work) -> None:
        super().__init__(candidate, model, work)
        self._reader = model
        self._data = work.data
        self._silent = bool(work.data.problem)
        self._thresholds: dict[tuple[str, int], float] = {}

    def predict(self, split: str, step: int) -> list[str]:
        """An answer for each row, an empty text for none."""
        rows = self._reader.predict(self._at(step), split)
        if not self._silent:
            return self._answers(split, rows, None)
        chosen_on = "quick" if split == "quick" else "validation"
        if chosen_on == split:
            self._thresholds[split, step] = self._best(split, rows)
        return self._answers(split, rows, self._threshold(chosen_on, step))

    def save(self, folder: Path, step: int) -> None:
        """Write the model with its threshold, by which the hub decides as well."""
        config = self._at(step).config
        if self._silent:
            setattr(config, THRESHOLD, self._threshold("validation", step))
        elif hasattr(config, THRESHOLD):
            delattr(config, THRESHOLD)  # the base model's, which was for other rows
        super().save(folder, step)

    def _threshold(self, split: str, step: int) -> float:
        if (split, step) not in self._thresholds:
            rows = self._reader.predict(self._at(step), split)
            self._thresholds[split, step] = self._best(split, rows)
        return self._thresholds[split, step]

    def _best(self, split: str, rows: Sequence[Sequence[WindowScores]]) -> float:
        targets, answers = self._data.split(split).targets, self._answers(split, rows, None)
        gains = [
            compare(right, "")[0] - compare(right, said)[0]
            for right, said in zip(targets, answers, strict=True)
        ]
        return best_threshold([surplus_of_none(windows) for windows in rows], gains)

    def _answers(
        self, split: str, rows: Sequence[Sequence[WindowScores]], threshold: float | None
    ) -> list[str]:
        """The best answer to each row; without a ``threshold`` there always is one."""
        answers = []
        for context, windows in zip(self._data.split(split).inputs["context"], rows, strict=True):
            spans = best_spans(
                windows,
                count=1,
                may_be_missing=threshold is not None,
                threshold=threshold or 0.0,
            )
            answers.append(context[spans[0].start : spans[0].end].strip() if spans else "")
        return answers


def best_threshold(surplus: Sequence[float], gains: Sequence[float]) -> float:
    """Above which surplus of no answer to give none, so that the gains of that are most.

    ``gains`` say how much better no answer is than the model's in each row. Of thresholds that
    are equally good it is the one nearest to 0, at which the model by itself decides.
    """
    rows = sorted(
        (pair for pair in zip(surplus, gains, strict=True) if math.isfinite(pair[0])), reverse=True
    )
    bounds = [math.inf, *(each for each, _ in rows), -math.inf]
    cut, total = _within(bounds[1], bounds[0]), 0.0
    best = (total, -abs(cut), cut)
    for place, (_, gain) in enumerate(rows, start=1):
        total += gain
        if bounds[place] > bounds[place + 1]:  # rows of the same surplus go together
            cut = _within(bounds[place + 1], bounds[place])
            best = max(best, (round(total, 9), -abs(cut), cut))
    return best[2]


def _within(low: float, high: float) -> float:
    """A number between two: 0 if it is, else the middle, or 1 away where one is endless."""
    if low < 0 < high:
        return 0.0
    if math.isinf(high):
        return low + 1
    return high - 1 if math.isinf(low) else (low + high) / 2
