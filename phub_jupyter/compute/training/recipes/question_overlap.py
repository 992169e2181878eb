"""Answers without a model: the sentence that has most words of the question, or the first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.recipe import Work

__all__ = ["QuestionOverlap"]

_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_WORDS = re.compile(r"\w+")


class QuestionOverlap:
    """The families ``overlap`` and ``guess``, which learn nothing and keep nothing.

    ``overlap`` says nothing where no sentence has a word of the question, if some rows have no
    answer. ``guess`` looks at no question: it gives the first sentence, or none if most training
    rows have none.
    """

    def __init__(self, candidate: Candidate, work: Work) -> None:
        self._candidate = candidate
        self._work = work

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """There is nothing to fit; it is one step."""
        self._work.check()
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """A sentence of each text, or an empty one."""
        data = self._work.data
        inputs, targets = data.split(split).inputs, data.train.targets
        if self._candidate.family == "guess":
            none = 2 * sum(not answers for answers in targets) > len(targets)
            return ["" if none else _sentences(context)[0] for context in inputs["context"]]
        pairs = zip(inputs["question"], inputs["context"], strict=True)
        return [_closest(question, context, bool(data.problem)) for question, context in pairs]

    def save(self, folder: Path, step: int) -> None:
        """Refuse: there is no model."""
        raise NotImplementedError(f"{self._candidate.family} is not a publishable family")

    def release(self) -> None:
        """Nothing is held."""

    def discard(self) -> None:
        """Nothing is on disk."""


def _closest(question: str, context: str, silent: bool) -> str:
    asked, sentences = _words(question), _sentences(context)
    shared = [len(asked & _words(sentence)) for sentence in sentences]
    return "" if silent and not any(shared) else sentences[shared.index(max(shared))]


def _sentences(text: str) -> list[str]:
    return _SENTENCES.split(text.strip())


def _words(text: str) -> set[str]:
    return set(_WORDS.findall(text.lower()))
