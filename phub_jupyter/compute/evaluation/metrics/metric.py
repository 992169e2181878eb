"""What a metric is, and what one comes to on some rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

__all__ = ["Metric", "Score", "Unit", "shown"]

Unit = Literal["share", "points", "number"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One way to compare predictions with what is right.

    A ``share`` is shown as percent, ``points`` (0 to 100) and a plain ``number`` as they are.
    ``low`` and ``high`` are what it can come to at least and at most; None is no bound.
    """

    name: str
    label: str
    higher_is_better: bool = True
    unit: Unit = "share"
    low: float | None = 0.0
    high: float | None = 1.0


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


def _digits(unit: Unit, value: float) -> str:
    if unit == "share":
        return f"{100 * value:.1f}"
    return f"{value:.1f}" if unit == "points" else f"{value:.4g}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
