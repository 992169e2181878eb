"""What a candidate scored: a value for each metric, and how sure we are of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from phub_jupyter.compute.evaluation.metrics import Metric, Score
from phub_jupyter.compute.evaluation.metrics import shown as score_shown

__all__ = ["Scores", "better", "rank_key", "shown"]


@dataclass(frozen=True, slots=True)
class Scores:
    """Values over ``rows`` rows by metric, each with its standard error in ``errors``."""

    values: Mapping[str, float]
    errors: Mapping[str, float]
    rows: int

    @classmethod
    def of(cls, found: Mapping[str, Score]) -> Self:
        """The scores that the evaluation computed, at least one."""
        return cls(
            {name: score.value for name, score in found.items()},
            {name: score.stderr or 0.0 for name, score in found.items()},
            next(iter(found.values())).rows,
        )

    def as_json(self) -> dict[str, Any]:
        """The scores as the record and ``metrics.json`` keep them; no number becomes null."""
        return {
            "values": {name: _finite(value) for name, value in self.values.items()},
            "errors": {name: _finite(value) for name, value in self.errors.items()},
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """What `as_json` wrote down."""
        values = {
            name: math.nan if value is None else value for name, value in body["values"].items()
        }
        errors = {name: value or 0.0 for name, value in body["errors"].items()}
        return cls(values, errors, body["rows"])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def rank_key(metric: Metric, scores: Scores) -> float:
    """The value of a metric, turned so that more is better; no number is the worst of all."""
    value = scores.values[metric.name]
    if math.isnan(value):
        return -math.inf
    return value if metric.higher_is_better else -value


def better(metric: Metric, one: Scores, other: Scores) -> bool:
    """Whether ``one`` is better than ``other``; equal is not better."""
    return rank_key(metric, one) > rank_key(metric, other)


def shown(metric: Metric, scores: Scores | None) -> str:
    """A value with its standard error, for people; empty without scores."""
    if scores is None:
        return ""
    value, error = scores.values[metric.name], scores.errors[metric.name]
    return score_shown(metric, Score(value, error, scores.rows))
