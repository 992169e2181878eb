"""How well predictions agree with the labels, and how sure we are of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from phub_jupyter.compute.training.scores import Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["score"]

_RESAMPLES = 500


def score(labels: Sequence[int], predictions: Sequence[int], classes: int) -> Scores:
    """Compare predictions with labels.

    The standard error is binomial for accuracy and from a bootstrap for macro-F1. Drawing rows
    with replacement is drawing the cells of the confusion matrix from a multinomial, which is
    what makes the bootstrap quick.
    """
    import numpy as np

    rows = len(labels)
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (np.asarray(labels), np.asarray(predictions)), 1)
    accuracy = float(np.trace(confusion) / rows)
    generator = np.random.default_rng(0)
    draws = generator.multinomial(rows, confusion.ravel() / rows, size=_RESAMPLES)
    f1_draws = _macro_f1(draws.reshape(-1, classes, classes))
    return Scores(
        values={"accuracy": accuracy, "f1": float(_macro_f1(confusion[None])[0])},
        errors={
            "accuracy": math.sqrt(accuracy * (1 - accuracy) / rows),
            "f1": float(f1_draws.std(ddof=1)),
        },
        rows=rows,
    )


def _macro_f1(confusions: NDArray[np.int64]) -> NDArray[np.float64]:
    import numpy as np

    hits = np.diagonal(confusions, axis1=1, axis2=2)
    either = confusions.sum(axis=1) + confusions.sum(axis=2)
    with np.errstate(invalid="ignore"):
        per_class = np.where(either > 0, 2 * hits / either, np.nan)
    means: NDArray[np.float64] = np.nanmean(per_class, axis=1)
    return means
