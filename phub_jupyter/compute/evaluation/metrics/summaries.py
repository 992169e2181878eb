"""Summaries: how many words, pairs of words and common sequences they share with right ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phub_jupyter.compute.evaluation.metrics.means import sample_of_means
from phub_jupyter.compute.evaluation.metrics.sample import SumSample
from phub_jupyter.compute.evaluation.metrics.texts import alternatives

__all__ = ["sample"]

_NAMES = ("rougeL", "rouge1", "rouge2")


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` are texts or lists of texts, of which the closest counts."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(_NAMES))
    columns: dict[str, list[float]] = {name: [] for name in _NAMES}
    for right, said in zip(references, predictions, strict=True):
        found = scorer.score_multi(alternatives(right) or [""], str(said))
        for name in _NAMES:
            columns[name].append(found[name].fmeasure)
    return sample_of_means(columns)
