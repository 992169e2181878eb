"""Samples whose metrics are means: each row has a value of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from phub_jupyter.compute.evaluation.metrics.sample import Floats, Formula, SumSample, ratio

__all__ = ["quotients", "sample_of_means"]


def sample_of_means(columns: Mapping[str, Sequence[float]]) -> SumSample:
    """A metric for each column: its mean."""
    rows = len(next(iter(columns.values())))
    table = np.column_stack([*columns.values(), np.ones(rows)]).astype(float)
    names = list(columns)
    return SumSample(table, {name: quotients(names.index(name), len(names)) for name in names})


def quotients(above: int, below: int) -> Formula:
    """The sum of one column over that of another."""

    def formula(sums: Floats) -> Floats:
        return ratio(sums[:, above], sums[:, below])

    return formula
