"""What a model that learnt to write is compared with: no model at all, and the base as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.writing_model import WritingModel, first_target

__all__ = ["WritingUnlearnt"]


class WritingUnlearnt:
    """The families ``lead``, ``copy`` and ``unchanged``, of which nothing is kept.

    ``lead`` gives as many of a text's first words as half of the training targets have.
    """

    def __init__(self, task: str, candidate: Candidate, work: Work) -> None:
        self._task = task
        self._candidate = candidate
        self._work = work

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """There is nothing to fit; it is one step."""
        self._work.check()
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """A text for each text."""
        if self._candidate.family == "unchanged":
            length = int(self._candidate.parameters["max_length"])
            model = WritingModel(self._task, length, self._work)
            return model.predict(model.load(self._work.model_folder), split)
        texts = self._work.data.split(split).inputs["source"]
        if self._candidate.family == "copy":
            return list(texts)
        return [" ".join(text.split()[: self._words]) for text in texts]

    def save(self, folder: Path, step: int) -> None:
        """Refuse: there is nothing new in it."""
        raise NotImplementedError(f"{self._candidate.family} is not a publishable family")

    def release(self) -> None:
        """Nothing is held."""

    def discard(self) -> None:
        """Nothing is on disk."""

    @cached_property
    def _words(self) -> int:
        targets = self._work.data.train.targets
        return max(1, round(median(len(first_target(target).split()) for target in targets)))
