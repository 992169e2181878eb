"""What a person may ask of a training run."""

from __future__ import annotations

from dataclasses import dataclass

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.tasks import task_named

__all__ = ["METRICS", "Settings"]

METRICS = ("accuracy", "f1")
"""Metrics that can rank candidates; higher is better."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of one run; ``time_budget`` is in seconds, None means no limit."""

    task: str = "text-classification"
    candidates: int = 6
    metric: str = "accuracy"
    seed: int = 0
    text_column: str | None = None
    label_column: str | None = None
    max_train_rows: int | None = None
    time_budget: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot run, before anything is downloaded."""
        if not task_named(self.task).trainable:
            raise InvalidRequestError(
                f"task: '{self.task}' cannot be trained yet; use text-classification."
            )
        if self.metric not in METRICS:
            raise InvalidRequestError(
                f"metric: '{self.metric}' cannot rank candidates; use {' or '.join(METRICS)}."
            )
        if self.candidates < 1:
            raise InvalidRequestError("candidates: give a number from 1 up.")
