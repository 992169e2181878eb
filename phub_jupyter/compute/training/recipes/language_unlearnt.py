"""What a fine-tune of a language model is compared with: the base as it is, and counting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.language_model import LanguageModel, token_rows
from phub_jupyter.compute.training.recipes.language_ngrams import Ngrams
from phub_jupyter.compute.training.recipes.recipe import Work

__all__ = ["Unlearnt"]


class Unlearnt:
    """The families ``unchanged`` and ``ngrams``, of which nothing is kept."""

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._candidate = candidate
        self._work = work

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Count, where there is something to count; it is one step."""
        self._work.check()
        if self._candidate.family == "ngrams":
            _ = self._counted
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """For each row the summed negative logarithm of its tokens, and how many those are."""
        if self._candidate.family == "unchanged":
            model = LanguageModel(self._work)
            return model.predict(model.load(self._work.model_folder), split)
        rows = token_rows(self._work, split)
        pairs = zip(rows.ids, rows.labels, strict=True)
        found = [self._counted.surprise(ids, labels) for ids, labels in pairs]
        return list(zip(found, rows.counts(), strict=True))

    def save(self, folder: Path, step: int) -> None:
        """Refuse: there is nothing new in it."""
        raise NotImplementedError(f"{self._candidate.family} is not a publishable family")

    def release(self) -> None:
        """Forget the counts."""
        vars(self).pop("_counted", None)

    def discard(self) -> None:
        """Nothing is on disk."""
        self.release()

    @cached_property
    def _counted(self) -> Ngrams:
        rows = token_rows(self._work, "train")
        counted = Ngrams(len(LanguageModel(self._work).processor))
        most = int(self._candidate.parameters["max_tokens"])
        for ids, labels in zip(rows.ids, rows.labels, strict=True):
            self._work.check()
            counted.learn(ids, labels)
            most -= len(ids)
            if most <= 0:
                break
        return counted
