"""What a person may ask of a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from phub_jupyter.errors import InvalidRequestError

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of one run.

    ``task`` and ``metric`` are empty until `prepare` has looked at the dataset, unless the person
    chose them. ``columns`` names the column of the dataset for a role such as ``text``.
    ``time_budget`` is in seconds, None means no limit. ``keep`` is how many of those trained to the
    end are to be kept for publishing. ``max_memory`` is in bytes, None means no limit.
    """

    task: str = ""
    candidates: int = 6
    metric: str = ""
    seed: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    max_train_rows: int | None = None
    time_budget: float | None = None
    keep: int = 1
    max_memory: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot run, before anything is downloaded."""
        from phub_jupyter.compute.training.recipes import recipe_for

        if self.task:
            known = recipe_for(self.task).metrics
            if self.metric and self.metric not in known:
                raise InvalidRequestError(
                    f"metric: '{self.metric}' cannot rank candidates; use {' or '.join(known)}."
                )
        if self.keep < 1:
            raise InvalidRequestError("push: give best, all or a number from 1 up.")
        if self.max_memory is not None and self.max_memory < 1:
            raise InvalidRequestError("max-memory: give a size such as 8GB.")
        if self.candidates < 1:
            raise InvalidRequestError("candidates: give a number from 1 up.")
