"""Transcripts of speech: how many words and characters were added, dropped or mistaken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phub_jupyter.compute.evaluation.metrics.means import quotients
from phub_jupyter.compute.evaluation.metrics.sample import SumSample

__all__ = ["sample"]


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` and ``predictions`` are texts; case and punctuation count as written."""
    pairs = zip(references, predictions, strict=True)
    rows = [_count(str(right).strip(), str(said).strip()) for right, said in pairs]
    formulas = {"wer": quotients(0, 1), "cer": quotients(2, 3)}
    return SumSample(np.asarray(rows, dtype=float), formulas)


def _count(right: str, said: str) -> tuple[int, ...]:
    """Mistakes and length in words, then in characters."""
    from jiwer import process_characters, process_words

    if not right:  # nothing was said, so whatever is written down is too much
        return len(said.split()), 0, len(said), 0
    words, letters = process_words(right, said), process_characters(right, said)
    return (
        words.substitutions + words.deletions + words.insertions,
        words.hits + words.substitutions + words.deletions,
        letters.substitutions + letters.deletions + letters.insertions,
        letters.hits + letters.substitutions + letters.deletions,
    )
