"""How each task is evaluated: what it takes from a row, what it asks the model, what counts.

A task is a module here with ``read``, and a row in `_MODULES`. Its metrics are those of its
family in ``evaluation.metrics``, its models those of ``inference.pipelines``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from phub_jupyter.compute.evaluation.readings.reading import ModelFacts, Reading
from phub_jupyter.errors import NotSupportedError
from phub_jupyter.tasks import task_named

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["EVALUATED", "ModelFacts", "Reading", "read", "require_task"]

_MODULES = {
    "text-classification": "text_classes",
    "token-classification": "tags",
    "question-answering": "answers",
    "summarization": "written",
    "translation": "written",
    "sentence-similarity": "similarities",
    "image-classification": "media_classes",
    "audio-classification": "media_classes",
    "automatic-speech-recognition": "speech",
    "tabular-classification": "tabular",
    "tabular-regression": "tabular",
}

EVALUATED = tuple(_MODULES)
"""The tasks whose models can be evaluated."""


def require_task(task: str) -> None:
    """Raise InvalidRequestError or NotSupportedError unless models of a task can be evaluated."""
    task_named(task)
    if task not in _MODULES:
        raise NotSupportedError(
            f"task: models for '{task}' cannot be evaluated yet; use {', '.join(EVALUATED)}."
        )


def read(part: Dataset, model: ModelFacts, settings: Settings) -> Reading:
    """Look at a dataset for the sake of one model. Raises InvalidRequestError."""
    require_task(settings.task)
    module = import_module(f"{__name__}.{_MODULES[settings.task]}")
    reading: Reading = module.read(part, model, settings)
    return reading
