"""What `run` asks of a task, and what a task may know of a model before it is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from phub_jupyter.errors import InvalidRequestError

__all__ = ["Batch", "ModelFacts", "Reading", "is_written"]

Batch = Mapping[str, Sequence[Any]]
"""Some rows of a dataset, column by column."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model's name for people, its folder, and its configuration."""

    name: str
    folder: Path
    config: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, folder: Path) -> ModelFacts:
        """Read ``config.json``; a broken one counts as empty, and is refused when it is loaded."""
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            config = {}
        return cls(name, folder, config if isinstance(config, dict) else {})

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the model's labels, in the order of its outputs.

        Raises InvalidRequestError if its configuration has none.
        """
        names = self.config.get("id2label")
        if isinstance(names, dict) and names:
            order = sorted(names, key=lambda key: int(key) if str(key).isdigit() else 0)
            return tuple(str(names[key]) for key in order)
        count = self.config.get("num_labels", 2)
        if not self.config or not isinstance(count, int):
            raise InvalidRequestError(
                f"model: {self.name} has no config.json that names its labels; upload it with "
                "save_pretrained."
            )
        return tuple(f"LABEL_{index}" for index in range(count))


class Reading(Protocol):
    """A dataset as one model of a task is asked about it.

    ``columns`` says which column plays which role; ``checked`` are those of them that tell
    whether a row can be used at all. ``classes`` are named where there are some; ``textual`` says
    that inputs are texts, whose length counts; ``window`` is how many rows are in memory at once.
    """

    @property
    def columns(self) -> Mapping[str, str]: ...

    @property
    def checked(self) -> Sequence[str]: ...

    @property
    def problem(self) -> str: ...

    @property
    def classes(self) -> Sequence[str]: ...

    @property
    def textual(self) -> bool: ...

    @property
    def window(self) -> int: ...

    def usable(self, rows: Batch) -> list[bool]:
        """Whether each row has an input and something right to compare with."""
        ...

    def references(self, rows: Batch) -> list[Any]:
        """What is right, in the shape that the metrics take, which JSON can hold."""
        ...

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        """Bodies for the Inference API that ask about all the rows."""
        ...

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        """What the model said, one a row, in the shape that the metrics take."""
        ...

    def inputs(self, rows: Batch) -> list[str]:
        """What of a row is shown to people."""
        ...


def is_written(value: Any) -> bool:
    """Whether a value is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())
