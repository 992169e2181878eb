"""Metrics offline, from installed libraries, each with a standard error and a 95 % interval.

::

    compute("text-classification", ["accuracy"], [0, 1, 1], [0, 1, 0])["accuracy"].value
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics.score import Score, interval, shown
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.metrics import (
    Metric,
    family_of,
    higher_is_better,
    metric_of,
    metrics_of,
)

if TYPE_CHECKING:
    from phub_jupyter.compute.evaluation.metrics.sample import Sample

__all__ = [
    "Metric",
    "Score",
    "compute",
    "higher_is_better",
    "interval",
    "metric_of",
    "metrics_of",
    "sample_of",
    "shown",
]

_MODULES = {"similarities": "numbers"}


def compute(
    task: str,
    metric_names: Sequence[str],
    references: Sequence[Any],
    predictions: Sequence[Any],
    *,
    problem: str = "",
    seed: int = 0,
) -> dict[str, Score]:
    """Score predictions against references, row by row in the same order.

    Without names it is every metric that the predictions allow. The shapes by task:

    - classification: the index of a class a row; a prediction is an index, or a row of
      probabilities, which ``roc_auc``, ``log_loss`` and ``ece`` need;
    - ``problem="multi_label"``: a row of 0 and 1, and one of probabilities;
    - ``problem="regression"``, tabular-regression, sentence-similarity: a number each;
    - token-classification: a list of tags, and one of the same length;
    - question-answering: a text, or a list of texts of which each is right (none: there is no
      answer), and a text;
    - summarization, translation: a text or a list of texts, and a text;
    - automatic-speech-recognition: a text, and a text;
    - text-generation: how many tokens were predicted, and their summed negative logarithm.

    Raises InvalidRequestError for names that the task does not have or shapes that do not fit.
    """
    from phub_jupyter.compute.evaluation.metrics.bootstrap import scores

    names = [metric_of(task, name, problem).name for name in metric_names]
    sample = sample_of(task, references, predictions, problem)
    known = [metric.name for metric in metrics_of(task, problem) if metric.name in sample.names]
    return scores(sample, names or known, seed)


def sample_of(
    task: str, references: Sequence[Any], predictions: Sequence[Any], problem: str = ""
) -> Sample:
    """References and predictions made ready to be scored on any choice of the rows."""
    family = family_of(task, problem)
    if not len(references):
        raise InvalidRequestError("rows: there are none to score; choose a split that has some.")
    if len(references) != len(predictions):
        raise InvalidRequestError(
            f"predictions: {len(predictions)} for {len(references)} rows; give one a row."
        )
    try:
        module = import_module(f"{__name__}.{_MODULES.get(family, family)}")
        sample: Sample = module.sample(references, predictions)
    except ImportError as error:
        raise NotSupportedError(
            f"metric: {error.name} is not installed; pip install 'phub-jupyter[train]'."
        ) from error
    return sample
