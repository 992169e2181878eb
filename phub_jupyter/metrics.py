"""The metric vocabulary: one table that evaluations, training, cards and leaderboards share.

A family is a shape of references and predictions; ``compute.evaluation.metrics`` has a module for
each, which is named like it and computes the metrics of its rows here. Nothing in this table loads
a library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from phub_jupyter.errors import InvalidRequestError, NotSupportedError

__all__ = [
    "FAMILIES",
    "Metric",
    "Unit",
    "any_metric_of",
    "family_of",
    "higher_is_better",
    "metric_of",
    "metrics_of",
]

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


FAMILIES: dict[str, tuple[Metric, ...]] = {
    "classes": (
        Metric("accuracy", "Accuracy"),
        Metric("f1", "Macro F1"),
        Metric("precision", "Macro precision"),
        Metric("recall", "Macro recall"),
        Metric("balanced_accuracy", "Balanced accuracy"),
        Metric("mcc", "Matthews correlation", unit="number", low=-1.0),
        Metric("roc_auc", "ROC AUC"),
        Metric("log_loss", "Log loss", higher_is_better=False, unit="number", high=None),
        Metric("ece", "Calibration error", higher_is_better=False),
    ),
    "label_sets": (
        Metric("f1", "Macro F1"),
        Metric("f1_micro", "Micro F1"),
        Metric("precision_micro", "Micro precision"),
        Metric("recall_micro", "Micro recall"),
        Metric("subset_accuracy", "Exact sets"),
        Metric("roc_auc", "ROC AUC"),
    ),
    "numbers": (
        Metric("rmse", "Root mean squared error", False, "number", high=None),
        Metric("mse", "Mean squared error", False, "number", high=None),
        Metric("mae", "Mean absolute error", False, "number", high=None),
        Metric("r2", "R²", unit="number", low=None),
        Metric("pearson", "Pearson correlation", unit="number", low=-1.0),
        Metric("spearman", "Spearman correlation", unit="number", low=-1.0),
    ),
    "similarities": (
        Metric("spearman", "Spearman correlation", unit="number", low=-1.0),
        Metric("pearson", "Pearson correlation", unit="number", low=-1.0),
    ),
    "tags": (
        Metric("f1", "Entity F1"),
        Metric("precision", "Entity precision"),
        Metric("recall", "Entity recall"),
        Metric("accuracy", "Tag accuracy"),
    ),
    "answers": (Metric("f1", "Word F1"), Metric("exact_match", "Exact match")),
    "summaries": (
        Metric("rougeL", "ROUGE-L"),
        Metric("rouge1", "ROUGE-1"),
        Metric("rouge2", "ROUGE-2"),
    ),
    "translations": (
        Metric("bleu", "BLEU", unit="points", high=100.0),
        Metric("chrf", "chrF", unit="points", high=100.0),
        Metric("ter", "TER", higher_is_better=False, unit="points", high=None),
    ),
    "transcripts": (
        Metric("wer", "Word error rate", higher_is_better=False, high=None),
        Metric("cer", "Character error rate", higher_is_better=False, high=None),
    ),
    "language": (
        Metric("loss", "Loss a token", higher_is_better=False, unit="number", high=None),
        Metric("perplexity", "Perplexity", False, "number", low=1.0, high=None),
    ),
}
"""The metrics of each family; the first is the one to rank by."""

_FAMILY_OF_TASK = {
    "text-classification": "classes",
    "zero-shot-classification": "classes",
    "image-classification": "classes",
    "zero-shot-image-classification": "classes",
    "audio-classification": "classes",
    "tabular-classification": "classes",
    "tabular-regression": "numbers",
    "token-classification": "tags",
    "question-answering": "answers",
    "summarization": "summaries",
    "translation": "translations",
    "automatic-speech-recognition": "transcripts",
    "sentence-similarity": "similarities",
    "text-generation": "language",
}
_FAMILY_OF_PROBLEM = {"multi_label": "label_sets", "regression": "numbers"}


def family_of(task: str, problem: str = "") -> str:
    """The family of a task; ``problem`` is the kind of label, where a task knows several.

    Raises NotSupportedError for tasks whose answers nothing here can judge.
    """
    family = _FAMILY_OF_TASK.get(task)
    if family is None:
        known = ", ".join(_FAMILY_OF_TASK)
        raise NotSupportedError(f"task: there is no metric for '{task}'; there are for {known}.")
    return _FAMILY_OF_PROBLEM.get(problem, family) if family == "classes" else family


def metrics_of(task: str, problem: str = "") -> tuple[Metric, ...]:
    """All metrics of a task, the one to rank by first."""
    return FAMILIES[family_of(task, problem)]


def metric_of(task: str, name: str, problem: str = "") -> Metric:
    """A metric of a task by its name. Raises InvalidRequestError that lists those there are."""
    metrics = metrics_of(task, problem)
    for metric in metrics:
        if metric.name == name:
            return metric
    known = ", ".join(metric.name for metric in metrics)
    raise InvalidRequestError(f"metric: '{name}' is none of {task}; choose from {known}.")


def any_metric_of(task: str, name: str) -> Metric:
    """A metric that a task has for one of the kinds of label that it knows.

    The same name can mean another metric where labels are sets. Raises as `metric_of` does.
    """
    problem: InvalidRequestError | None = None
    for kind in ("", *_FAMILY_OF_PROBLEM):
        try:
            return metric_of(task, name, kind)
        except InvalidRequestError as error:
            problem = problem or error
    assert problem is not None
    raise problem


def higher_is_better(name: str) -> bool:
    """Whether more of a metric is better; it is the same in every family that has it."""
    for metrics in FAMILIES.values():
        for metric in metrics:
            if metric.name == name:
                return metric.higher_is_better
    raise InvalidRequestError(f"metric: there is none called '{name}'.")
