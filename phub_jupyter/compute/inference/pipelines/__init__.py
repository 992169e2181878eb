"""The pipelines by task: what turns a model folder and inputs into the task's answer.

A new task is a module here with ``parse`` and ``load``, a row in `_MODULES`, and ``servable`` in
the task table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from phub_jupyter.errors import NotSupportedError

__all__ = [
    "Item",
    "Pipeline",
    "Request",
    "StreamingPipeline",
    "TaskModule",
    "TokenCount",
    "task_module",
]

_MODULES = {
    "text-generation": "text_generation",
    "chat": "chat",
    "completions": "completions",
    "text-classification": "text_classification",
    "token-classification": "token_classification",
    "fill-mask": "fill_mask",
    "zero-shot-classification": "zero_shot_classification",
    "question-answering": "question_answering",
    "feature-extraction": "feature_extraction",
    "sentence-similarity": "sentence_similarity",
    "embeddings": "embeddings",
    "summarization": "summarization",
    "translation": "translation",
    "table-question-answering": "table_question_answering",
    "image-classification": "image_classification",
    "zero-shot-image-classification": "zero_shot_image_classification",
    "object-detection": "object_detection",
    "image-segmentation": "image_segmentation",
    "image-to-text": "image_to_text",
    "visual-question-answering": "visual_question_answering",
    "document-question-answering": "document_question_answering",
    "audio-classification": "audio_classification",
    "automatic-speech-recognition": "automatic_speech_recognition",
    "text-to-image": "text_to_image",
    "text-to-speech": "text_to_speech",
    "text-to-audio": "text_to_speech",
    "audio-to-audio": "audio_to_audio",
    "tabular-classification": "tabular",
    "tabular-regression": "tabular",
}


class Item(Protocol):
    """One unit of work for the model; batches are made of items of similar length."""

    @property
    def length(self) -> int:
        """Tokens that the model will see."""
        ...


class Request(Protocol):
    """Checked inputs and parameters of one call, not yet tokenised."""


class Pipeline(Protocol):
    """A loaded model. `tokenise` and `run` block, and may run in different threads."""

    def tokenise(self, request: Any) -> Sequence[Item]:
        """Cut the request into items."""
        ...

    def run(self, items: Sequence[Any]) -> list[Any]:
        """Run one batch; one output an item."""
        ...

    def shape(self, request: Any, outputs: Sequence[Any]) -> Any:
        """Make the answer of the Inference API from the outputs of one request's items."""
        ...

    def describe(self) -> dict[str, Any]:
        """How the model runs: device, precision, longest input."""
        ...


@dataclass(slots=True)
class TokenCount:
    """How many tokens of text a call has read and written so far."""

    read: int = 0
    written: int = 0


@runtime_checkable
class StreamingPipeline(Protocol):
    """A loaded model that makes its answer bit by bit, and looks after its own batches."""

    def generate(
        self, request: Any, cancelled: Callable[[], bool], count: TokenCount
    ) -> Iterator[Any]:
        """Yield what the client shall see; it blocks, in a thread of its own for each call.

        A call that does not stream yields once, its whole answer. Once ``cancelled`` says so the
        work stops within one step. Tokens are added to ``count``.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """How the model runs: device, precision, longest input."""
        ...


class TaskModule(Protocol):
    """What a module of this package offers."""

    def parse(self, body: Mapping[str, Any]) -> Request:
        """Check the whole body of a call before any model is touched; `call` has the readers.

        Raises InvalidRequestError.
        """
        ...

    def load(self, folder: Path) -> Pipeline | StreamingPipeline:
        """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError.

        Tasks whose modules share this very function share the loaded model.
        """
        ...


def task_module(task: str) -> TaskModule:
    """The module for a task. Raises NotSupportedError that names those there are."""
    if task not in _MODULES:
        raise NotSupportedError(
            f"task: this hub cannot run '{task}' yet; it runs {', '.join(_MODULES)}."
        )
    return cast(TaskModule, import_module(f"{__name__}.{_MODULES[task]}"))
