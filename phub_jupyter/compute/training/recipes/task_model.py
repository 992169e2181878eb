"""What a recipe says about its transformers models, so that one class can train them all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["TaskModel"]


class TaskModel(Protocol):
    """A base model with its processor, for one candidate's settings."""

    @property
    def processor(self) -> Any:
        """The tokenizer, image processor or whatever else comes with the model."""
        ...

    def load(self, folder: Path) -> PreTrainedModel:
        """The model in a folder, with a new head for this task if it has none.

        Raises InvalidRequestError when the folder holds no model for the task.
        """
        ...

    def examples(self, split: str) -> Any:
        """The rows of a split with their targets, as the Trainer takes them."""
        ...

    def collator(self) -> Any:
        """What makes a batch of examples."""
        ...

    def predict(self, model: PreTrainedModel, split: str) -> Sequence[Any]:
        """A prediction for each row of a split."""
        ...
