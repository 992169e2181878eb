"""How alike texts are without training: by their words, or by the base model as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.sentence_encoder import SentenceEncoder

__all__ = ["Unlearnt"]

_WORD = re.compile(r"\w+")


class Unlearnt:
    """The families ``overlap``, ``cosine`` and ``unchanged``, of which nothing is kept."""

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._candidate = candidate
        self._work = work

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Nothing is learnt; it counts as one step."""
        self._work.check()
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """How alike the texts of each pair are."""
        return _WAYS[self._candidate.family](self._candidate, self._work, split)

    def save(self, folder: Path, step: int) -> None:
        """Refuse: there is nothing new in it."""
        raise NotImplementedError(f"{self._candidate.family} is not a publishable family")

    def release(self) -> None:
        """Nothing is kept in memory."""

    def discard(self) -> None:
        """Nothing is on disk."""


def _overlap(candidate: Candidate, work: Work, split: str) -> list[float]:
    """The share of words that both texts have, of those that any has."""
    pairs = zip(*_sides(work, split), strict=True)
    return [_shared(set(_words(one)), set(_words(other))) for one, other in pairs]


def _shared(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _cosine(candidate: Candidate, work: Work, split: str) -> list[float]:
    """The cosine of both texts' words, rare ones counting more."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    known = [text for side in _sides(work, "train") for text in side]
    vectorizer = TfidfVectorizer(sublinear_tf=True).fit(known)
    first, second = (vectorizer.transform(side) for side in _sides(work, split))
    return [float(value) for value in np.asarray(first.multiply(second).sum(axis=1)).ravel()]


def _unchanged(candidate: Candidate, work: Work, split: str) -> list[float]:
    """The cosine of the base model's vectors."""
    encoder = SentenceEncoder(int(candidate.parameters["max_length"]), work)
    return list(encoder.predict(encoder.load(work.model_folder), split))


def _sides(work: Work, split: str) -> tuple[Sequence[str], Sequence[str]]:
    inputs = work.data.split(split).inputs
    return inputs["sentence1"], inputs["sentence2"]


_WAYS = {"overlap": _overlap, "cosine": _cosine, "unchanged": _unchanged}
