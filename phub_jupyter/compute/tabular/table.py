"""Tables as people send them, made into the frame that a model was trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from phub_jupyter.errors import InvalidRequestError

__all__ = ["MAX_ROWS", "column_kind", "frame", "read_table"]

MAX_ROWS = 10_000
_MAX_COLUMNS = 10_000


def read_table(name: str, value: Any) -> dict[str, list[Any]]:
    """Check ``{column: [cell, …]}``, columns equally long. Raises InvalidRequestError."""
    if not isinstance(value, dict) or not value:
        raise InvalidRequestError(
            f'{name}: send columns with their values, as {{"age": ["31", "44"]}}.'
        )
    if len(value) > _MAX_COLUMNS:
        raise InvalidRequestError(f"{name}: send at most {_MAX_COLUMNS:,} columns.")
    lengths = {column: _length(f"{name}.{column}", cells) for column, cells in value.items()}
    longest = max(lengths.values())
    for column, length in lengths.items():
        if length != longest:
            raise InvalidRequestError(
                f"{name}.{column}: {length} values, but another column has {longest}; "
                "send one for every row."
            )
    if not 0 < longest <= MAX_ROWS:
        raise InvalidRequestError(f"{name}: send 1 to {MAX_ROWS:,} rows, not {longest:,}.")
    return value


def _length(name: str, cells: Any) -> int:
    if not isinstance(cells, list):
        raise InvalidRequestError(f"{name}: send a list with one value a row.")
    for row, cell in enumerate(cells):
        if not isinstance(cell, str | int | float | None):
            raise InvalidRequestError(
                f"{name}[{row}]: send a text or a number, not {type(cell).__name__}."
            )
    return len(cells)


def column_kind(values: Sequence[Any]) -> str:
    """``number`` or ``text``, from the values of an example."""
    known = [value for value in values if value is not None and value != ""]
    numbers = all(isinstance(value, int | float) for value in known)
    return "number" if known and numbers else "text"


def frame(kinds: Mapping[str, str], table: Mapping[str, Sequence[Any]]) -> Any:
    """A pandas frame with the columns ``{name: kind}`` in their order; others are left out.

    An empty cell counts as missing. Raises InvalidRequestError naming a column that is missing,
    or the cell that is no number.
    """
    import pandas as pd

    missing = [name for name in kinds if name not in table]
    if missing:
        raise InvalidRequestError(
            f"table: the columns {', '.join(missing[:5])} are missing; this model takes "
            f"{', '.join(list(kinds)[:30])}."
        )
    columns = {
        name: _numbers(name, table[name]) if kind == "number" else _texts(table[name])
        for name, kind in kinds.items()
    }
    return pd.DataFrame(columns)


def _numbers(name: str, cells: Sequence[Any]) -> Any:
    import numpy as np

    values = []
    for row, cell in enumerate(cells):
        try:
            value = math.nan if cell is None or cell == "" else float(cell)
        except (ValueError, OverflowError):
            raise InvalidRequestError(
                f"table.{name}[{row}]: {cell!r:.80} is not a number, and this column holds numbers."
            ) from None
        if math.isinf(value):
            raise InvalidRequestError(f"table.{name}[{row}]: infinite; send a finite number.")
        values.append(value)
    return np.array(values, dtype=np.float64)


def _texts(cells: Sequence[Any]) -> Any:
    import numpy as np

    texts = np.empty(len(cells), dtype=object)
    for row, cell in enumerate(cells):
        texts[row] = np.nan if cell is None or cell == "" else str(cell)
    return texts
