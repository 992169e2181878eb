"""What a run learns from, compares candidates on, and reports its winner on."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

__all__ = ["SPLITS", "Data", "Rows", "drawn"]

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

    def some(self, number: int, seed: int) -> Rows:
        """So many of the rows, drawn by the seed, or all if there are no more."""
        if number >= len(self):
            return self
        chosen = drawn(len(self), number, seed)
        inputs = {role: _Some(values, chosen) for role, values in self.inputs.items()}
        return Rows(inputs, _Some(self.targets, chosen))


def drawn(count: int, number: int, seed: int) -> Sequence[int]:
    """So many of ``count`` rows, in order, or all if there are no more.

    The first ones would not do: datasets are often sorted by class.
    """
    if number >= count:
        return range(count)
    return sorted(random.Random(seed).sample(range(count), number))  # noqa: S311


class _Some(Sequence[Any]):
    """Some rows of a column, read when they are asked for."""

    def __init__(self, values: Sequence[Any], drawn: Sequence[int]) -> None:
        self._values = values
        self._drawn = drawn

    def __len__(self) -> int:
        return len(self._drawn)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._values[number] for number in self._drawn[index]]
        return self._values[self._drawn[index]]


@dataclass(frozen=True, slots=True)
class Data:
    """The three splits of a dataset, read for one task.

    ``quick`` is a part of the validation rows, on which candidates are compared on the way.

    ``columns`` says which column of the dataset plays which role; ``labels`` are the names of the
    classes, empty where there are none; ``problem`` is what kind of label it is, where a task
    knows several (``single_label``, ``multi_label``, ``regression``); ``metrics`` are those of that
    problem, the one to rank by first, where the recipe's own are for another. ``quick_rows`` is
    how many rows ``quick`` may have: fewer where each takes long.
    """

    train: Rows
    validation: Rows
    test: Rows
    columns: Mapping[str, str]
    labels: tuple[str, ...] = ()
    problem: str = ""
    metrics: tuple[str, ...] = ()
    quick: Rows | None = None
    quick_rows: int = 1000

    def with_quick(self, seed: int) -> Self:
        """The same data with a split ``quick``."""
        return replace(self, quick=self.validation.some(self.quick_rows, seed))

    def split(self, name: str) -> Rows:
        """The rows of ``train``, ``validation``, ``test`` or ``quick``."""
        rows: Rows = getattr(self, name)
        return rows

    def rows(self) -> dict[str, int]:
        """How many rows each split has."""
        return {name: len(self.split(name)) for name in SPLITS}
