"""What a person may ask of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from phub_jupyter.errors import InvalidRequestError

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of one evaluation.

    Without ``metrics`` it is all that fit; without ``split`` the test rows, else the validation
    rows, else the only ones. ``columns`` names the column of the dataset for a role; ``labels``
    says which class of the dataset a label of the models stands for. ``rows`` leaves that many,
    drawn by ``seed``. ``slice_by`` is the column whose values are scored apart; without one it is
    the length of the input.
    """

    task: str
    metrics: tuple[str, ...] = ()
    split: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None
    slice_by: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be computed, before anything is downloaded."""
        from phub_jupyter.compute.evaluation.readings import require_task

        require_task(self.task)
        if self.rows is not None and self.rows < 1:
            raise InvalidRequestError("rows: give a number from 1 up.")

    def as_json(self) -> dict[str, Any]:
        """The settings as the report keeps them."""
        return {**asdict(self), "metrics": list(self.metrics)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """What `as_json` wrote down."""
        return cls(**{**body, "metrics": tuple(body["metrics"])})
