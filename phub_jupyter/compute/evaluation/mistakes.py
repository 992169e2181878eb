"""Which rows a model got most wrong, and how its certainty relates to being right."""

from __future__ import annotations

import numpy as np

from phub_jupyter.compute.evaluation.answered import Answered
from phub_jupyter.compute.evaluation.metrics.classes import BINS, bin_of
from phub_jupyter.compute.evaluation.metrics.sample import Floats, SumSample
from phub_jupyter.compute.evaluation.report import Bin
from phub_jupyter.metrics import higher_is_better

__all__ = ["calibration", "confusion", "worst_places"]

_JUDGED_BY = {
    "numbers": ("mse", 0.0),
    "tags": ("accuracy", 1.0),
    "answers": ("f1", 1.0),
    "summaries": ("rougeL", 1.0),
    "translations": ("chrf", 100.0),
    "transcripts": ("wer", 0.0),
    "label_sets": ("subset_accuracy", 1.0),
}
"""By which metric a single row is judged, and what a row without fault comes to."""
_MOST_CLASSES = 50
_BLOCK = 1000


def confusion(one: Answered) -> list[list[int]]:
    """How often each class (a line) was taken for each (a column); none for very many."""
    classes = len(one.reading.classes)
    if one.said is None or not 0 < classes <= _MOST_CLASSES:
        return []
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (np.asarray(one.references), one.said), 1)
    found: list[list[int]] = counts.tolist()
    return found


def calibration(one: Answered) -> list[Bin]:
    """How often the model was right, by how sure it was."""
    if one.certainty is None:
        return []
    bins = bin_of(one.certainty)
    found = []
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            means = float(one.certainty[inside].mean()), float(one.right[inside].mean())
            found.append(Bin(int(inside.sum()), *means))
    return found


def worst_places(one: Answered, count: int) -> list[tuple[int, float | None]]:
    """The places of the rows that went most wrong, with how sure the model was of them.

    Among classes these are the mistakes that it was surest of.
    """
    if one.said is not None:
        wrong = np.flatnonzero(~one.right)
        if one.certainty is None:
            return [(int(place), None) for place in wrong[:count]]
        order = wrong[np.argsort(-one.certainty[wrong], kind="stable")][:count]
        return [(int(place), float(one.certainty[place])) for place in order]
    if one.family not in _JUDGED_BY or not isinstance(one.sample, SumSample):
        return []
    metric, faultless = _JUDGED_BY[one.family]
    values = _of_rows(one.sample, metric)
    faults = faultless - values if higher_is_better(metric) else values - faultless
    order = np.argsort(-faults, kind="stable")[:count]
    return [(int(place), None) for place in order if faults[place] > 1e-9]


def _of_rows(sample: SumSample, metric: str) -> Floats:
    """A metric of each row by itself."""
    formula, rows = sample.formulas[metric], sample.statistics
    blocks = [rows[start : start + _BLOCK] for start in range(0, sample.rows, _BLOCK)]
    return np.concatenate([formula(np.asarray(block)) for block in blocks])
