"""What a candidate scored: a value for each metric, and how sure we are of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Scores", "better", "label_of", "percent", "rank_key", "shown"]

_LABELS = {"accuracy": "Accuracy", "f1": "Macro F1"}


@dataclass(frozen=True, slots=True)
class Scores:
    """Values over ``rows`` rows by metric, each with its standard error in ``errors``."""

    values: Mapping[str, float]
    errors: Mapping[str, float]
    rows: int

    def as_json(self) -> dict[str, Any]:
        """The scores as the record and ``metrics.json`` keep them."""
        return asdict(self)


def rank_key(metric: str, scores: Scores) -> float:
    """The value of a metric, turned so that more is better."""
    return scores.values[metric]


def better(metric: str, one: Scores, other: Scores) -> bool:
    """Whether ``one`` is better than ``other``; equal is not better."""
    return rank_key(metric, one) > rank_key(metric, other)


def label_of(metric: str) -> str:
    """What a metric is called in tables."""
    return _LABELS.get(metric, metric)


def shown(metric: str, scores: Scores | None) -> str:
    """A value with its standard error, for people; empty without scores."""
    if scores is None:
        return ""
    return percent(scores.values[metric], scores.errors[metric])


def percent(value: float, stderr: float) -> str:
    """A share with its standard error, for people: ``85.7 ± 1.1 %``."""
    return f"{100 * value:.1f} ± {100 * stderr:.1f} %"
