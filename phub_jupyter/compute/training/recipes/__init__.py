"""The recipes by task: how a task's data is read, what is tried on it, and what counts.

A new task is a module here with a ``RECIPE``, a row in `_MODULES`, and ``trainable`` in the task
table. Importing a recipe imports no machine-learning library.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from phub_jupyter.compute.training.recipes.recipe import Recipe
from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.tasks import task_named

__all__ = ["TRAINABLE", "needs_model", "recipe_for", "require_model"]

_MODULES = {
    "image-classification": "image_classification",
    "token-classification": "token_classification",
    "question-answering": "question_answering",
    "sentence-similarity": "sentence_similarity",
    "summarization": "summarization",
    "translation": "translation",
    "text-classification": "text_classification",
    "text-generation": "text_generation",
    "tabular-classification": "tabular_classification",
    "tabular-regression": "tabular_regression",
}

# The tables of transformers that say which types of models there are for a task.
_KINDS = {
    "image-classification": "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
    "token-classification": "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
    "question-answering": "MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES",
    "summarization": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "translation": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "text-classification": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "text-generation": "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
}

TRAINABLE = tuple(_MODULES)
"""The tasks that have a recipe, in the order in which they are thought of for a dataset."""


def recipe_for(task: str) -> Recipe:
    """The recipe of a task. Raises InvalidRequestError that names those there are."""
    task_named(task)
    if task not in _MODULES:
        raise InvalidRequestError(
            f"task: '{task}' cannot be trained yet; use {', '.join(TRAINABLE)}."
        )
    recipe: Recipe = import_module(f"{__name__}.{_MODULES[task]}").RECIPE
    return recipe


def needs_model(task: str) -> bool:
    """Whether a task starts from a base model; what learns from tables starts from nothing."""
    return task_named(task).modality != "tabular"


def may_be(model_type: str, task: str) -> bool:
    """Whether transformers makes models for a task of this type; unknown types may be anything."""
    from transformers.models.auto import modeling_auto

    names: Mapping[str, str] = getattr(modeling_auto, _KINDS.get(task, ""), {})
    return not model_type or not names or model_type in names


def require_model(task: str, there: bool) -> None:
    """Refuse a base model where a task has no use for it, and its absence where it needs one.

    Raises InvalidRequestError.
    """
    if there and not needs_model(task):
        raise InvalidRequestError(f"model: {task} starts from none; leave --model out.")
    if needs_model(task) and not there:
        raise InvalidRequestError(
            f"model: missing; {task} starts from one, add --model namespace/name."
        )
