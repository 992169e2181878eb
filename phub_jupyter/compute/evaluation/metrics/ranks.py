"""Metrics over the order of the rows, for many weightings at once."""

from __future__ import annotations

import numpy as np

from phub_jupyter.compute.evaluation.metrics.sample import Floats, Formula, ratio

__all__ = ["area", "areas", "spearman"]


class _Groups:
    """Rows in the order of a column, those with the same value together."""

    def __init__(self, column: Floats) -> None:
        distinct, self._place = np.unique(column, return_inverse=True)
        self._order = np.argsort(self._place, kind="stable")
        self._starts = np.searchsorted(self._place[self._order], np.arange(len(distinct)))

    def sums(self, weights: Floats) -> Floats:
        """The weight of each group."""
        found: Floats = np.add.reduceat(weights[:, self._order], self._starts, axis=1)
        return found

    def middle_ranks(self, weights: Floats) -> Floats:
        """For each row the mean of the ranks of its group."""
        sums = self.sums(weights)
        middle = np.cumsum(sums, axis=1) - sums / 2
        found: Floats = middle[:, self._place]
        return found


def area(positive: Floats, scores: Floats) -> Formula:
    """The area under the ROC curve: how often a positive row scores above a negative one."""
    groups = _Groups(scores)

    def formula(weights: Floats) -> Floats:
        right = groups.sums(weights * positive)
        wrong = groups.sums(weights * (1 - positive))
        below = np.cumsum(wrong, axis=1) - wrong / 2
        return ratio((right * below).sum(axis=1), right.sum(axis=1) * wrong.sum(axis=1))

    return formula


def areas(positive: Floats, scores: Floats) -> Formula:
    """The mean of the areas of the columns; one without positive or negative rows has none."""
    formulas = [area(positive[:, k], scores[:, k]) for k in range(positive.shape[1])]

    def formula(weights: Floats) -> Floats:
        found = np.stack([each(weights) for each in formulas])
        defined = np.isfinite(found)
        return ratio(np.where(defined, found, 0).sum(axis=0), defined.sum(axis=0).astype(float))

    return formula


def spearman(one: Floats, other: Floats) -> Formula:
    """The correlation of ranks."""
    first, second = _Groups(one), _Groups(other)

    def formula(weights: Floats) -> Floats:
        total = weights.sum(axis=1, keepdims=True)
        x, y = first.middle_ranks(weights), second.middle_ranks(weights)
        x -= (weights * x).sum(axis=1, keepdims=True) / total
        y -= (weights * y).sum(axis=1, keepdims=True) / total
        both = (weights * x * y).sum(axis=1)
        spread = (weights * x * x).sum(axis=1) * (weights * y * y).sum(axis=1)
        return ratio(both, np.sqrt(spread))

    return formula
