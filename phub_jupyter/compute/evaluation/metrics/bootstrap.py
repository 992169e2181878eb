"""How sure a score is: the same metric on rows drawn with replacement, many times."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from phub_jupyter.compute.evaluation.metrics.sample import Floats, Sample
from phub_jupyter.compute.evaluation.metrics.score import Score

__all__ = ["Difference", "difference", "scores"]

_MOST_DRAWS = 1000
_FEWEST_DRAWS = 200
_BUDGET = 100_000_000  # numbers drawn for one score: some seconds
_BLOCK = 2_000_000  # numbers drawn at a time: 16 MB each array of them
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much one sample scores higher than another on the same rows.

    ``p`` is how often chance alone would show at least such a difference, in either direction.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None


def scores(sample: Sample, names: Sequence[str], seed: int = 0) -> dict[str, Score]:
    """Every metric with its bootstrap standard error and percentile interval."""
    values = sample.values(names, np.ones((1, sample.rows)))
    draws = _draws([sample], names, seed)[0] if sample.rows > 1 else {}
    return {name: _score(float(values[name][0]), draws.get(name), sample.rows) for name in names}


def difference(one: Sample, other: Sample, name: str, seed: int = 0) -> Difference:
    """Compare two samples of the same rows in the same order, by one paired bootstrap."""
    ones = np.ones((1, one.rows))
    value = float(one.values([name], ones)[name][0] - other.values([name], ones)[name][0])
    if one.rows < 2 or not np.isfinite(value):
        return Difference(value, None, None, None)
    first, second = _draws([one, other], [name], seed)
    apart = first[name] - second[name]
    apart = apart[np.isfinite(apart)]
    if not len(apart):
        return Difference(value, None, None, None)
    tail = min(float(np.mean(apart <= 0)), float(np.mean(apart >= 0)))
    p = min(1.0, 2 * max(tail, 1 / (len(apart) + 1)))
    low, high = np.percentile(apart, _INTERVAL)
    return Difference(value, float(low), float(high), p)


def _score(value: float, draws: Floats | None, rows: int) -> Score:
    if draws is not None:
        draws = draws[np.isfinite(draws)]
    if draws is None or len(draws) < 2 or not np.isfinite(value):
        return Score(value, None, rows)
    low, high = np.percentile(draws, _INTERVAL)
    return Score(value, float(draws.std(ddof=1)), rows, float(low), float(high))


def _draws(samples: Sequence[Sample], names: Sequence[str], seed: int) -> list[dict[str, Floats]]:
    """For each sample each metric on each draw; all samples see the same draws."""
    cost = max(sample.cost(names) for sample in samples)
    parts: list[dict[str, list[Floats]]] = [{name: [] for name in names} for _ in samples]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a draw may lack all there is to average
        for weights in _weights(samples[0].rows, cost, seed):
            for sample, part in zip(samples, parts, strict=True):
                for name, values in sample.values(names, weights).items():
                    part[name].append(values)
    return [{name: np.concatenate(values) for name, values in part.items()} for part in parts]


def _weights(rows: int, cost: int, seed: int) -> Iterator[Floats]:
    """How often each row was drawn, a line a draw, in blocks that fit in memory."""
    generator = np.random.default_rng(seed)
    left = int(np.clip(_BUDGET // (rows * cost), _FEWEST_DRAWS, _MOST_DRAWS))
    block = max(1, _BLOCK // rows)
    while left:
        count = min(block, left)
        drawn = generator.integers(0, rows, (count, rows))
        drawn += np.arange(count)[:, None] * rows
        yield np.bincount(drawn.ravel(), minlength=count * rows).reshape(count, rows).astype(float)
        left -= count
