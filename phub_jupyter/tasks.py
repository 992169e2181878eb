"""The task vocabulary: one table that cards, widgets, training and serving share.

A row says what a pipeline task is called, what a model of it takes and gives, and which parts of
this hub can do it today. Whoever adds a task adds a row here and an entry in the recipe or
pipeline registry that the row points to; nothing else lists tasks.
"""

from __future__ import annotations

from dataclasses import dataclass

from phub_jupyter.errors import InvalidRequestError

__all__ = ["TASKS", "Task", "can_also", "task_named"]


@dataclass(frozen=True, slots=True)
class Task:
    """One pipeline task of the public vocabulary.

    ``trainable`` and ``servable`` tell whether ``%phub train`` and the Inference API can do it;
    ``metric`` is the one that ranks candidates, None while nothing ranks them.
    """

    name: str
    label: str
    modality: str
    inputs: str
    metric: str | None = None
    trainable: bool = False
    servable: bool = False


_ROWS = (
    Task("text-classification", "Text Classification", "text", "text", "accuracy", True, True),
    Task("token-classification", "Token Classification", "text", "text", "f1", True, True),
    Task("fill-mask", "Fill-Mask", "text", "text", servable=True),
    Task("question-answering", "Question Answering", "text", "question+context", "f1", True, True),
    Task("zero-shot-classification", "Zero-Shot Classification", "text", "text", servable=True),
    Task("sentence-similarity", "Sentence Similarity", "text", "sentences", "spearman", True, True),
    Task("feature-extraction", "Feature Extraction", "text", "text", servable=True),
    Task("summarization", "Summarization", "text", "text", "rougeL", True, True),
    Task("translation", "Translation", "text", "text", "chrf", True, True),
    Task("text-generation", "Text Generation", "text", "text", "loss", True, True),
    Task("table-question-answering", "Table Question Answering", "text", "table", servable=True),
    Task(
        "tabular-classification",
        "Tabular Classification",
        "tabular",
        "table",
        "accuracy",
        trainable=True,
        servable=True,
    ),
    Task(
        "tabular-regression",
        "Tabular Regression",
        "tabular",
        "table",
        "rmse",
        trainable=True,
        servable=True,
    ),
    Task(
        "image-classification",
        "Image Classification",
        "vision",
        "image",
        "accuracy",
        trainable=True,
        servable=True,
    ),
    Task(
        "zero-shot-image-classification",
        "Zero-Shot Image Classification",
        "vision",
        "image",
        servable=True,
    ),
    Task("object-detection", "Object Detection", "vision", "image", servable=True),
    Task("image-segmentation", "Image Segmentation", "vision", "image", servable=True),
    Task("image-to-text", "Image-to-Text", "vision", "image", servable=True),
    Task(
        "visual-question-answering",
        "Visual Question Answering",
        "vision",
        "image+question",
        servable=True,
    ),
    Task(
        "document-question-answering",
        "Document Question Answering",
        "vision",
        "image+question",
        servable=True,
    ),
    Task("audio-classification", "Audio Classification", "audio", "audio", servable=True),
    Task("automatic-speech-recognition", "Speech Recognition", "audio", "audio", servable=True),
    Task("text-to-image", "Text-to-Image", "vision", "text", servable=True),
    Task("audio-to-audio", "Audio-to-Audio", "audio", "audio", servable=True),
    Task("text-to-audio", "Text-to-Audio", "audio", "text", servable=True),
    Task("text-to-speech", "Text-to-Speech", "audio", "text", servable=True),
)

TASKS: dict[str, Task] = {task.name: task for task in _ROWS}
"""All known tasks by name, in the order in which pages list them."""

_ENCODERS = frozenset(
    {
        *("feature-extraction", "sentence-similarity", "text-classification", "fill-mask"),
        *("token-classification", "question-answering", "zero-shot-classification"),
    }
)
_ALSO = {
    "feature-extraction": _ENCODERS,
    "sentence-similarity": _ENCODERS,
    "zero-shot-classification": frozenset({"text-classification"}),
}


def can_also(own: str, task: str) -> bool:
    """Whether a model made for the task ``own`` may be asked to do ``task`` too."""
    return own in _ALSO.get(task, ())


def task_named(name: str) -> Task:
    """Look a task up. Raises InvalidRequestError that lists the trainable ones."""
    try:
        return TASKS[name]
    except KeyError:
        known = ", ".join(task.name for task in _ROWS if task.trainable)
        raise InvalidRequestError(
            f"task: '{name}' is not a known task; trainable today: {known}."
        ) from None
