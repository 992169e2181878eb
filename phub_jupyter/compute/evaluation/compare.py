"""Models against the first one on the same rows: differences, and whether they are chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from phub_jupyter.compute.evaluation.answered import Answered
from phub_jupyter.compute.evaluation.metrics.bootstrap import difference
from phub_jupyter.compute.evaluation.report import Comparison

__all__ = ["compare", "mcnemar"]


def compare(answered: Sequence[Answered], metrics: Sequence[str], seed: int) -> list[Comparison]:
    """Every model but the first against the first, by every metric."""
    found: list[Comparison] = []
    first, *others = answered
    for metric in metrics:
        line = []
        for one in others:
            apart = difference(one.sample, first.sample, metric, seed)
            exact = None
            if metric == "accuracy" and one.right is not None:
                exact = mcnemar(first.right, one.right)
            values = (apart.value, apart.low, apart.high, apart.p)
            line.append(Comparison(one.model.name, metric, *values, exact))
        found += _corrected(line)
    return found


def mcnemar(first: Any, second: Any) -> float:
    """How likely at least such a split of the rows is that only one of two models got right."""
    from scipy.stats import binomtest

    only_first = int(np.sum(first & ~second))
    only_second = int(np.sum(second & ~first))
    if not only_first + only_second:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)


def _corrected(line: Sequence[Comparison]) -> list[Comparison]:
    p = _holm([each.p for each in line])
    exact = _holm([each.mcnemar for each in line])
    return [
        replace(each, p=one, mcnemar=other) for each, one, other in zip(line, p, exact, strict=True)
    ]


def _holm(values: Sequence[float | None]) -> list[float | None]:
    """Each value times the number of those not below it, never less than one below it."""
    found = list(values)
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    highest = 0.0
    for rank, (value, place) in enumerate(known):
        highest = max(highest, min(1.0, value * (len(known) - rank)))
        found[place] = highest
    return found
