"""Tags on words: whole entities found, with their kind and both their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phub_jupyter.compute.evaluation.metrics.sample import Floats, SumSample, ratio
from phub_jupyter.errors import InvalidRequestError

__all__ = ["sample"]


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` and ``predictions`` are a list of tags a row, such as ``B-PER``."""
    rows = [_count(right, said) for right, said in zip(references, predictions, strict=True)]
    return SumSample(
        np.asarray(rows, dtype=float),
        {"f1": _f1, "precision": _precision, "recall": _recall, "accuracy": _accuracy},
    )


def _count(right: Sequence[str], said: Sequence[str]) -> tuple[int, ...]:
    from seqeval.metrics.sequence_labeling import get_entities

    if len(right) != len(said):
        raise InvalidRequestError(
            f"predictions: {len(said)} tags for a row of {len(right)} words; give one a word."
        )
    true, found = set(get_entities(list(right))), set(get_entities(list(said)))
    same = sum(one == other for one, other in zip(right, said, strict=True))
    return len(true & found), len(true), len(found), same, len(right)


def _f1(sums: Floats) -> Floats:
    return ratio(2 * sums[:, 0], sums[:, 1] + sums[:, 2], 0.0)


def _precision(sums: Floats) -> Floats:
    return ratio(sums[:, 0], sums[:, 2], 0.0)


def _recall(sums: Floats) -> Floats:
    return ratio(sums[:, 0], sums[:, 1], 0.0)


def _accuracy(sums: Floats) -> Floats:
    return ratio(sums[:, 3], sums[:, 4])
