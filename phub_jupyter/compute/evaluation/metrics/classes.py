"""One of several classes: what was said against what is right, and how sure it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from phub_jupyter.compute.evaluation.metrics.ranks import area, areas
from phub_jupyter.compute.evaluation.metrics.sample import Floats, Formula, Ranked, SumSample, ratio
from phub_jupyter.errors import InvalidRequestError

__all__ = ["BINS", "bin_of", "finite_shares", "sample"]

BINS = 15
"""Into how many bins of equal width the certainty of predictions is cut for calibration."""

_NEEDS = "needs probabilities, and there are only classes"
_PROBABILISTIC = ("roc_auc", "log_loss", "ece")


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` are indices of classes; ``predictions`` are too, or rows of probabilities."""
    truth = _indices("references", np.asarray(references))
    given = np.asarray(predictions)
    if given.ndim != 2:
        said = _indices("predictions", given)
        classes = int(max(truth.max(), said.max())) + 1
        columns = _confusion(truth, said, classes)
        formulas = _formulas(classes)
        return SumSample(columns, formulas, absent=dict.fromkeys(_PROBABILISTIC, _NEEDS))
    shares = finite_shares(given)
    classes = shares.shape[1]
    if truth.max() >= classes:
        raise InvalidRequestError(
            f"references: class {truth.max()} has no column among {classes} in the predictions."
        )
    said = shares.argmax(axis=1)
    columns = [_confusion(truth, said, classes), _losses(truth, shares), _bins(truth, said, shares)]
    hot = np.eye(classes)[truth]
    two = classes == 2
    order = Ranked(area, (hot[:, 1], shares[:, 1])) if two else Ranked(areas, (hot, shares))
    return SumSample(
        sparse.csr_array(sparse.hstack(columns)),
        {**_formulas(classes), **_probabilistic(classes)},
        {"roc_auc": order},
        ranked_cost=1 if two else classes,
    )


def bin_of(certainty: Floats) -> NDArray[np.int64]:
    """The bin of each certainty, from 0 up."""
    found: NDArray[np.int64] = np.clip(np.ceil(certainty * BINS).astype(np.int64) - 1, 0, BINS - 1)
    return found


def finite_shares(predictions: Any) -> Floats:
    """Probabilities as an array. Raises InvalidRequestError if some are none.

    Otherwise a model that went astray would count as one that says the first class.
    """
    found: Floats = np.asarray(predictions, dtype=float)
    if not np.isfinite(found).all():
        raise InvalidRequestError("predictions: some probabilities are not finite numbers.")
    return found


def _indices(name: str, values: Any) -> NDArray[np.int64]:
    if values.ndim != 1 or values.dtype.kind not in "iub" or values.min() < 0:
        raise InvalidRequestError(f"{name}: give the index of a class a row, from 0 up.")
    found: NDArray[np.int64] = values.astype(np.int64)
    return found


def _one_hot(rows: Any, columns: Any, values: Any, shape: tuple[int, int]) -> Any:
    return sparse.csr_array((values, (rows, columns)), shape=shape)


def _confusion(truth: Any, said: Any, classes: int) -> Any:
    """Columns: hits a class, then how often it is right, then how often it was said."""
    rows, ones = np.arange(len(truth)), np.ones(len(truth))
    shape = (len(truth), classes)
    hits = _one_hot(rows, truth, (truth == said).astype(float), shape)
    return sparse.csr_array(
        sparse.hstack([hits, _one_hot(rows, truth, ones, shape), _one_hot(rows, said, ones, shape)])
    )


def _losses(truth: Any, shares: Floats) -> Any:
    totals = shares.sum(axis=1)
    right = shares[np.arange(len(truth)), truth] / np.where(totals > 0, totals, 1)
    tiny = np.finfo(np.float64).eps
    return sparse.csr_array(-np.log(np.clip(right, tiny, 1 - tiny))[:, None])


def _bins(truth: Any, said: Any, shares: Floats) -> Any:
    certainty = shares.max(axis=1)
    gap = certainty - (truth == said)
    return _one_hot(np.arange(len(truth)), bin_of(certainty), gap, (len(truth), BINS))


def _formulas(classes: int) -> dict[str, Formula]:
    def parts(sums: Floats) -> tuple[Floats, Floats, Floats]:
        return (
            sums[:, :classes],
            sums[:, classes : 2 * classes],
            sums[:, 2 * classes : 3 * classes],
        )

    def accuracy(sums: Floats) -> Floats:
        hits, right, _ = parts(sums)
        return ratio(hits.sum(axis=1), right.sum(axis=1))

    def f1(sums: Floats) -> Floats:
        hits, right, said = parts(sums)
        return _mean(2 * hits, right + said, right + said)

    def precision(sums: Floats) -> Floats:
        hits, right, said = parts(sums)
        return _mean(hits, said, right + said)

    def recall(sums: Floats) -> Floats:
        hits, right, said = parts(sums)
        return _mean(hits, right, right + said)

    def balanced_accuracy(sums: Floats) -> Floats:
        hits, right, _ = parts(sums)
        return _mean(hits, right, right)

    def mcc(sums: Floats) -> Floats:
        hits, right, said = parts(sums)
        total = right.sum(axis=1)
        both = hits.sum(axis=1) * total - (right * said).sum(axis=1)
        spread = (total**2 - (right**2).sum(axis=1)) * (total**2 - (said**2).sum(axis=1))
        return ratio(both, np.sqrt(spread), 0.0)

    return {
        "accuracy": accuracy,
        "f1": f1,
        "precision": precision,
        "recall": recall,
        "balanced_accuracy": balanced_accuracy,
        "mcc": mcc,
    }


def _probabilistic(classes: int) -> dict[str, Formula]:
    first = 3 * classes

    def rows(sums: Floats) -> Floats:
        found: Floats = sums[:, classes : 2 * classes].sum(axis=1)
        return found

    def log_loss(sums: Floats) -> Floats:
        return ratio(sums[:, first], rows(sums))

    def ece(sums: Floats) -> Floats:
        return ratio(np.abs(sums[:, first + 1 :]).sum(axis=1), rows(sums))

    return {"log_loss": log_loss, "ece": ece}


def _mean(above: Floats, below: Floats, counts: Floats) -> Floats:
    """The mean over the classes that occur at all; a quotient of nothing counts as 0."""
    each = ratio(above, below, 0.0)
    occurs = counts > 0
    return ratio(np.where(occurs, each, 0).sum(axis=1), occurs.sum(axis=1).astype(float))
