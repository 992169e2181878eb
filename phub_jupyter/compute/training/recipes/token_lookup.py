"""Tags without a model: the most frequent one of each word, or of all words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work

__all__ = ["TagLookup"]


class TagLookup:
    """Counts the tags of the training rows. The family ``guess`` looks at no word at all."""

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._by_word = candidate.family == "lookup"
        self._candidate = candidate
        self._work = work

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Count, which is one step."""
        self._work.check()
        _ = self._table
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """A tag for each word; words that no training row has get the one most frequent of all."""
        table, usual = self._table
        rows = self._work.data.split(split).inputs["words"]
        return [[table.get(word, usual) for word in words] for words in rows]

    def save(self, folder: Path, step: int) -> None:
        """Refuse: other programs could not load it."""
        raise NotImplementedError(f"{self._candidate.family} is not a publishable family")

    def release(self) -> None:
        """Forget what was counted."""
        vars(self).pop("_table", None)

    def discard(self) -> None:
        """Nothing of it is on disk."""
        self.release()

    @cached_property
    def _table(self) -> tuple[dict[str, str], str]:
        train = self._work.data.train
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for words, tags in zip(train.inputs["words"], train.targets, strict=True):
            for word, tag in zip(words, tags, strict=True):
                counts[word][tag] += 1
        usual = sum(counts.values(), Counter[str]()).most_common(1)[0][0]
        if not self._by_word:
            return {}, usual
        return {word: found.most_common(1)[0][0] for word, found in counts.items()}, usual
