"""Answers to questions, compared as SQuAD does: without case, punctuation and articles."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

from phub_jupyter.compute.evaluation.metrics.means import sample_of_means
from phub_jupyter.compute.evaluation.metrics.sample import SumSample
from phub_jupyter.compute.evaluation.metrics.texts import alternatives

__all__ = ["compare", "sample"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` are texts or lists of right ones; a row without one has no answer."""
    pairs = [
        compare(alternatives(right), str(said))
        for right, said in zip(references, predictions, strict=True)
    ]
    return sample_of_means({"f1": [f1 for f1, _ in pairs], "exact_match": [em for _, em in pairs]})


def compare(right: Sequence[str], said: str) -> tuple[float, float]:
    """F1 and exact match of one answer, by the best of the right ones, or none."""
    found = _words(said)
    wanted = [_words(text) for text in right or ("",)]
    return max(_f1(words, found) for words in wanted), float(found in wanted)


def _words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def _f1(wanted: list[str], found: list[str]) -> float:
    if not wanted or not found:
        return float(wanted == found)
    shared = (Counter(wanted) & Counter(found)).total()
    return 2 * shared / (len(wanted) + len(found))
