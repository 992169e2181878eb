"""The order of candidates by what they scored."""

from __future__ import annotations

import math
from collections.abc import Iterable

from phub_jupyter.compute.evaluation.metrics import Metric
from phub_jupyter.compute.training.scores import rank_key
from phub_jupyter.compute.training.state import CandidateState

__all__ = ["GONE", "ranked"]

GONE = frozenset({"dropped", "cancelled", "failed"})
"""The states of a candidate that is out of the race."""


def ranked(metric: Metric, rows: Iterable[CandidateState]) -> list[CandidateState]:
    """Those with scores, best first; on a tie the one that trained longer, then the earlier."""
    scored = [(rank_key(metric, row.validation), row) for row in rows if row.validation is not None]
    scored.sort(key=lambda pair: (-_number(pair[0]), -pair[1].scored_step))
    return [row for _, row in scored]


def _number(key: float) -> float:
    return -math.inf if math.isnan(key) else key  # a training that went astray is the worst
