"""The table that a tabular model learns from: which columns it takes, and their cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.columns import is_string, listed, named_column
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from datasets import Dataset
    from numpy.typing import NDArray

__all__ = ["TableColumns", "cells", "example_of", "frame_of", "kind_of"]

_SHOWN = 8
_EXAMPLE_ROWS = 3
_MOST_WORDS = 50  # a text column with more is left out when most of its values occur once
_NUMBERS = ("int", "uint", "float", "double", "bool", "decimal")


def kind_of(feature: Any) -> str:
    """``number``, ``text``, or nothing for what no cell of a table can be."""
    if hasattr(feature, "names") or is_string(feature):
        return "text"
    dtype = str(getattr(feature, "dtype", ""))
    return "number" if dtype.startswith(_NUMBERS) and not hasattr(feature, "feature") else ""


class TableColumns:
    """The inputs of a table: ``kinds`` says which are numbers and which text, in their order.

    ``left_out`` are columns that say nothing: empty, all alike, texts that differ in nearly every
    row, or neither numbers nor text.
    """

    def __init__(self, train: Dataset, label: str, wanted: str | None) -> None:
        chosen = wanted.split(",") if wanted else None
        names = [name.strip() for name in chosen] if chosen else list(train.column_names)
        self.kinds: dict[str, str] = {}
        self.left_out: list[str] = []
        for name in names:
            if name == label and chosen:
                raise InvalidRequestError(
                    f"input-column: '{name}' is the label; leave it out of --column input=…."
                )
            if name != label:
                kind = kind_of(train.features[named_column(train, "input", name)])
                self._sort_in(train, name, kind, asked=chosen is not None)
        if not self.kinds:
            raise InvalidRequestError(
                f"input-column: none of {listed(train)} beside the label says anything about it; "
                "choose columns of numbers or words with --column input=NAME,NAME."
            )

    def _sort_in(self, train: Dataset, name: str, kind: str, *, asked: bool) -> None:
        useful = kind and _says_something(train, name, kind, asked=asked)
        if asked and not useful:
            raise InvalidRequestError(
                f"input-column: '{name}' is empty, the same in all rows, or holds neither numbers "
                "nor text; leave it out of --column input=…."
            )
        if useful:
            self.kinds[name] = kind
        else:
            self.left_out.append(name)

    def roles(self) -> dict[str, str]:
        """The columns by their role, for people to see, those that are left out too."""
        words = {"number": "numbers", "text": "words"}
        found = {}
        for kind, role in words.items():
            names = [name for name, own in self.kinds.items() if own == kind]
            if names:
                found[role] = _several(names)
        if self.left_out:
            found["nothing"] = _several(self.left_out)
        return found


def _several(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _says_something(train: Dataset, name: str, kind: str, *, asked: bool) -> bool:
    different = set(train.unique(name)) - {None, ""}
    different = {value for value in different if value == value}
    if kind == "text" and not asked and len(different) > max(_MOST_WORDS, len(train) // 2):
        return False
    missing = len(different) == 1 and _has_missing(train, name)
    return len(different) > 1 or missing


def _has_missing(train: Dataset, name: str) -> bool:
    return any(value is None or value in {""} or value != value for value in train.unique(name))


def cells(part: Dataset, split: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    """The inputs of a split as arrays: floats, or texts; what is missing is NaN in both."""
    missing = [name for name in kinds if name not in part.column_names]
    if missing:
        raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{missing[0]}'.")
    table = part.select_columns(list(kinds)).with_format("arrow")[:]
    return {
        name: _floats(table[name])
        if kind == "number"
        else _texts(table[name].to_pylist(), part.features[name])
        for name, kind in kinds.items()
    }


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    import numpy as np
    import pyarrow as pa

    values: NDArray[np.float64] = np.array(column.cast(pa.float64(), safe=False).to_numpy())
    values[~np.isfinite(values)] = math.nan
    return values


def _texts(values: Sequence[Any], feature: Any) -> NDArray[np.object_]:
    import numpy as np

    names = getattr(feature, "names", None)
    texts = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        if value is None or value == "" or (names and value < 0):
            texts[row] = math.nan
        else:
            texts[row] = names[value] if names else value
    return texts


def frame_of(columns: Mapping[str, Any]) -> Any:
    """The frame that estimators take, as the hub makes one of what it is sent."""
    import pandas as pd

    return pd.DataFrame(dict(columns))


def example_of(columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The first rows, in which every column has a value at least once."""
    found = {}
    for name, values in columns.items():
        known = values == values  # only NaN differs from itself
        rows = list(values[:_EXAMPLE_ROWS])
        if not known[:_EXAMPLE_ROWS].any():
            rows[0] = values[known.argmax()]
        found[name] = rows
    return found
