"""How the candidates of a run learnt: training loss and validation scores, step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.training.state import RunState

__all__ = ["CURVES_FILE", "CURVES_PICTURE", "Curve", "curves_json", "learning_curves"]

CURVES_FILE = "learning_curves.json"
CURVES_PICTURE = "learning_curves.svg"
_MOST_POINTS = 500
Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Curve:
    """One candidate's: ``loss`` while it trained, ``validation`` in the metric of the run."""

    name: str
    winner: bool
    loss: Points
    validation: Points


def learning_curves(state: RunState) -> list[Curve]:
    """Those of the candidates that trained in steps; others have none."""
    return [
        Curve(
            row.candidate.name,
            row.candidate.id == state.winner,
            _thinned(sorted(row.losses.items())),
            _thinned(
                [
                    (step, scores.values[state.metric.name])
                    for step, scores in sorted(row.course.items())
                    if math.isfinite(scores.values[state.metric.name])
                ]
            ),
        )
        for row in state.candidates.values()
        if row.losses
    ]


def curves_json(state: RunState) -> dict[str, Any]:
    """The curves for machines to read; points are pairs of step and value."""
    return {
        "version": 1,
        "metric": state.metric.name,
        "candidates": [
            {
                "name": curve.name,
                "winner": curve.winner,
                "loss": list(curve.loss),
                "validation": list(curve.validation),
            }
            for curve in learning_curves(state)
        ],
    }


def _thinned(points: Points) -> Points:
    """At most so many points, evenly chosen, the last one always among them."""
    every = math.ceil(len(points) / _MOST_POINTS) or 1
    return points[::-1][::every][::-1]
