"""What a run learns from, compares candidates on, and reports its winner on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["SPLITS", "Data", "Rows"]

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Rows:
    """One split. ``inputs`` are columns by their role (``text``, ``image``, …).

    ``targets`` hold for each row what a prediction is compared with, in the shape that the
    metrics of the task take: the index of a class, a number, a list of words.
    """

    inputs: Mapping[str, Sequence[Any]]
    targets: Sequence[Any]

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Data:
    """The three splits of a dataset, read for one task.

    ``columns`` says which column of the dataset plays which role; ``labels`` are the names of the
    classes, empty where there are none; ``problem`` is what kind of label it is, where a task
    knows several (``single_label``, ``multi_label``, ``regression``).
    """

    train: Rows
    validation: Rows
    test: Rows
    columns: Mapping[str, str]
    labels: tuple[str, ...] = ()
    problem: str = ""

    def split(self, name: str) -> Rows:
        """The rows of ``train``, ``validation`` or ``test``."""
        rows: Rows = getattr(self, name)
        return rows

    def rows(self) -> dict[str, int]:
        """How many rows each split has."""
        return {name: len(self.split(name)) for name in SPLITS}
