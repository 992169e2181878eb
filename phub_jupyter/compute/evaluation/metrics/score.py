"""What a metric comes to on some rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from phub_jupyter.metrics import Metric, Unit

__all__ = ["Score", "interval", "shown"]


@dataclass(frozen=True, slots=True)
class Score:
    """A value over ``rows`` rows, its standard error, and its 95 % interval.

    The value is not a number where the metric means nothing, as an area under a curve does when
    all rows are of one class; without at least two rows nothing is known about the error.
    """

    value: float
    stderr: float | None
    rows: int
    low: float | None = None
    high: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The score as files and answers keep it; what is not a number becomes null."""
        return {key: _finite(value) for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """What `as_json` wrote down."""
        value = math.nan if body["value"] is None else body["value"]
        return cls(value, body["stderr"], body["rows"], body["low"], body["high"])


def shown(metric: Metric, score: Score | None) -> str:
    """A value with its standard error, for people: ``85.7 ± 1.1 %``; a dash for no number."""
    if score is None or math.isnan(score.value):
        return "–"
    value, error = _digits(metric.unit, score.value), ""
    if score.stderr is not None:
        error = f" ± {_digits(metric.unit, score.stderr)}"
    return f"{value}{error} %" if metric.unit == "share" else f"{value}{error}"


def interval(metric: Metric, score: Score) -> str:
    """The 95 % interval for people: ``83.5 to 87.8 %``; empty where it is not known."""
    if score.low is None or score.high is None:
        return ""
    low, high = _digits(metric.unit, score.low), _digits(metric.unit, score.high)
    return f"{low} to {high} %" if metric.unit == "share" else f"{low} to {high}"


def _digits(unit: Unit, value: float) -> str:
    if unit == "share":
        return f"{100 * value:.1f}"
    return f"{value:.1f}" if unit == "points" else f"{value:.4g}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
