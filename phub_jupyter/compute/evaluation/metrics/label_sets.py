"""Several labels at once: each one is right or not, and was said or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phub_jupyter.compute.evaluation.metrics.classes import finite_shares
from phub_jupyter.compute.evaluation.metrics.ranks import areas
from phub_jupyter.compute.evaluation.metrics.sample import Floats, Ranked, SumSample, ratio
from phub_jupyter.errors import InvalidRequestError

__all__ = ["THRESHOLD", "sample"]

THRESHOLD = 0.5
"""A label counts as said from this probability on."""


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` are rows of 0 and 1, ``predictions`` rows of probabilities."""
    truth, shares = np.asarray(references, dtype=float), finite_shares(predictions)
    if truth.ndim != 2 or truth.shape != shares.shape:
        raise InvalidRequestError("predictions: give a row of probabilities, one a label.")
    said = (shares >= THRESHOLD).astype(float)
    exact = (said == truth).all(axis=1).astype(float)[:, None]
    labels = truth.shape[1]

    def parts(sums: Floats) -> tuple[Floats, Floats, Floats]:
        return sums[:, :labels], sums[:, labels : 2 * labels], sums[:, 2 * labels : 3 * labels]

    def f1(sums: Floats) -> Floats:
        hits, right, given = parts(sums)
        found: Floats = ratio(2 * hits, right + given, 0.0).mean(axis=1)
        return found

    def f1_micro(sums: Floats) -> Floats:
        hits, right, given = (part.sum(axis=1) for part in parts(sums))
        return ratio(2 * hits, right + given, 0.0)

    def precision_micro(sums: Floats) -> Floats:
        hits, _, given = (part.sum(axis=1) for part in parts(sums))
        return ratio(hits, given, 0.0)

    def recall_micro(sums: Floats) -> Floats:
        hits, right, _ = (part.sum(axis=1) for part in parts(sums))
        return ratio(hits, right, 0.0)

    def subset_accuracy(sums: Floats) -> Floats:
        return ratio(sums[:, -2], sums[:, -1])

    columns = np.hstack([said * truth, truth, said, exact, np.ones_like(exact)])
    return SumSample(
        columns,
        {
            "f1": f1,
            "f1_micro": f1_micro,
            "precision_micro": precision_micro,
            "recall_micro": recall_micro,
            "subset_accuracy": subset_accuracy,
        },
        {"roc_auc": Ranked(areas, (truth, shares))},
        ranked_cost=labels,
    )
