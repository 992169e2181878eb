"""What is right, as the dataset writes it: a class, several labels, or a number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Targets"]

_MOST_CLASSES = 5000
_LISTED = ("string", "large_string", "int", "uint", "bool", "float", "double")


@dataclass(frozen=True)
class Targets:
    """One column read as ``single_label``, ``multi_label`` or ``regression``.

    ``classes`` are the names; ``named`` says that the column holds their indices already,
    ``marked`` that it holds a 0 or 1 for each of them.
    """

    column: str
    problem: str
    classes: tuple[str, ...] = ()
    named: bool = False
    marked: bool = False

    @classmethod
    def of(cls, part: Dataset, column: str) -> Targets:
        """Look at the kind of a column. Raises InvalidRequestError if it holds no labels."""
        kind = part.features[column]
        inner = getattr(kind, "feature", None)
        if str(getattr(inner, "dtype", "")).startswith(_LISTED):
            return cls._of_lists(part, column, getattr(inner, "names", None))
        if getattr(kind, "names", None):
            return cls(column, "single_label", tuple(kind.names), True)
        dtype = str(getattr(kind, "dtype", ""))
        if dtype.startswith(("float", "double", "decimal")):
            return cls(column, "regression")
        if dtype.startswith(("string", "large_string", "int", "uint", "bool")):
            return cls(column, "single_label", _distinct(part.unique(column), column))
        raise InvalidRequestError(
            f"label-column: '{column}' holds neither classes nor numbers; choose another with "
            "--column label=NAME."
        )

    @classmethod
    def _of_lists(cls, part: Dataset, column: str, names: Sequence[str] | None) -> Targets:
        if names:
            return cls(column, "multi_label", tuple(names), named=True)
        values, length = _flat(part, column), _marks(part, column)
        if length and set(values) <= {0, 1}:
            found = tuple(f"label_{index}" for index in range(length))
            return cls(column, "multi_label", found, marked=True)
        return cls(column, "multi_label", _distinct(values, column))

    @cached_property
    def place(self) -> Mapping[str, int]:
        """The index of each class."""
        return {name: index for index, name in enumerate(self.classes)}

    def value(self, raw: Any) -> Any:
        """What a prediction is compared with; None where the row is not labelled."""
        if raw is None:
            return None
        if self.problem == "regression":
            return float(raw) if math.isfinite(raw) else None
        if self.marked:
            return self._marks(raw)
        if self.problem == "multi_label":
            there = {self._index(each) for each in raw}
            return [int(index in there) for index in range(len(self.classes))]
        index = self._index(raw)
        return index if index >= 0 else None

    def _marks(self, raw: Sequence[Any]) -> list[int]:
        if len(raw) != len(self.classes) or not set(raw) <= {0, 1}:
            raise InvalidRequestError(
                f"label-column: '{self.column}' must hold {len(self.classes)} times 0 or 1 in "
                f"every row, not {list(raw)[:8]}; correct those rows."
            )
        return [int(value) for value in raw]

    def _index(self, raw: Any) -> int:
        if self.named:
            return int(raw)
        return self.place[str(raw)]


def _flat(part: Dataset, column: str) -> list[Any]:
    found: set[Any] = set()
    for start in range(0, len(part), 1000):
        for row in part[start : start + 1000][column]:
            found.update(row or ())
    return list(found)


def _marks(part: Dataset, column: str) -> int:
    """The length of all lists, 0 if it differs: of several numbers or more, 0 and 1 are marks."""
    lengths: set[int] = set()
    for start in range(0, len(part), 1000):
        lengths.update(len(row) for row in part[start : start + 1000][column] if row is not None)
    length = next(iter(lengths), 0)
    return length if len(lengths) == 1 and length > 1 else 0


def _distinct(values: Sequence[Any], column: str) -> tuple[str, ...]:
    known = [value for value in values if value is not None]
    if not all(isinstance(value, str | int | bool) for value in known):
        raise InvalidRequestError(
            f"label-column: '{column}' holds lists of numbers, not of labels; choose another with "
            "--column label=NAME."
        )
    if not 0 < len(known) <= _MOST_CLASSES:
        raise InvalidRequestError(
            f"label-column: '{column}' has {len(known)} different values, which cannot be "
            "classes; choose another with --column label=NAME."
        )
    numbers = all(isinstance(value, int) for value in known)
    return tuple(str(value) for value in sorted(known, key=None if numbers else str))
