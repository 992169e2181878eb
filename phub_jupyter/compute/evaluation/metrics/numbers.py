"""Numbers against numbers: how far off they are, and whether they rise together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phub_jupyter.compute.evaluation.metrics.ranks import spearman
from phub_jupyter.compute.evaluation.metrics.sample import Floats, Ranked, SumSample, ratio
from phub_jupyter.errors import InvalidRequestError

__all__ = ["sample"]


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` and ``predictions`` are a number a row."""
    truth, said = _numbers("references", references), _numbers("predictions", predictions)
    error = said - truth
    x, y = truth - truth.mean(), said - said.mean()  # small numbers keep the sums exact
    columns = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y, abs(error), error**2], axis=1)
    return SumSample(
        columns,
        {"rmse": _rmse, "mse": _mse, "mae": _mae, "r2": _r2, "pearson": _pearson},
        {"spearman": Ranked(spearman, (truth, said))},
    )


def _numbers(name: str, values: Sequence[Any]) -> Floats:
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        found = np.empty((0, 0))
    if found.ndim != 1 or not np.isfinite(found).all():
        raise InvalidRequestError(f"{name}: give one finite number a row.")
    return found


def _mse(sums: Floats) -> Floats:
    return ratio(sums[:, 7], sums[:, 0])


def _rmse(sums: Floats) -> Floats:
    found: Floats = np.sqrt(_mse(sums))
    return found


def _mae(sums: Floats) -> Floats:
    return ratio(sums[:, 6], sums[:, 0])


def _r2(sums: Floats) -> Floats:
    return 1 - ratio(sums[:, 7], sums[:, 3] - sums[:, 1] ** 2 / sums[:, 0])


def _pearson(sums: Floats) -> Floats:
    count, x, y, xx, yy, xy = (sums[:, column] for column in range(6))
    spread = np.clip(xx - x * x / count, 0, None) * np.clip(yy - y * y / count, 0, None)
    return ratio(xy - x * y / count, np.sqrt(spread))
