"""Answers without a model: the sentence that has most words of the question."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.recipes.recipe import Work

__all__ = ["QuestionOverlap"]

_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_WORDS = re.compile(r"\w+")


class QuestionOverlap:
    """The family ``overlap``, which learns nothing and keeps nothing."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """There is nothing to fit; it is one step."""
        self._work.check()
        return 1

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """A sentence of each text."""
        inputs = self._work.data.split(split).inputs
        pairs = zip(inputs["question"], inputs["context"], strict=True)
        return [_closest(question, context) for question, context in pairs]

    def save(self, folder: Path, step: int) -> None:
        """Refuse: there is no model."""
        raise NotImplementedError("overlap is not a publishable family")

    def release(self) -> None:
        """Nothing is held."""

    def discard(self) -> None:
        """Nothing is on disk."""


def _closest(question: str, context: str) -> str:
    asked = set(_WORDS.findall(question.lower()))
    return max(
        _SENTENCES.split(context.strip()),
        key=lambda sentence: len(asked & set(_WORDS.findall(sentence.lower()))),
    )
