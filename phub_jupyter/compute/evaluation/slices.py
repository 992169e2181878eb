"""Parts of the rows that are scored apart: by the values of a column, or by how long inputs are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["by_length", "by_value", "in_order"]

_MOST = 12
_OTHERS = "others"
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


def by_length(inputs: Sequence[str]) -> list[str]:
    """For each row the quarter of the lengths that its input is in."""
    return _quarters(np.asarray([len(text) for text in inputs], dtype=float), "characters")


def by_value(values: Sequence[Any], names: Sequence[str] = ()) -> list[str]:
    """For each row its value, with the rare ones together; many different numbers by quarters.

    ``names`` are what whole numbers stand for.
    """
    if names:
        values = [names[value] if value is not None and value >= 0 else None for value in values]
    values = [None if value != value else value for value in values]  # only NaN is not itself
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(set(numbers)) > _MOST and len(numbers) == len(values):
        return _quarters(np.asarray(values, dtype=float), "")
    texts = ["none" if value is None else str(value) for value in values]
    common = [name for name, _ in Counter(texts).most_common()]
    kept = set(common if len(common) <= _MOST else common[: _MOST - 1])
    return [text if text in kept else _OTHERS for text in texts]


def _quarters(values: Any, unit: str) -> list[str]:
    edges = np.unique(np.quantile(values, [0, 0.25, 0.5, 0.75, 1], method="nearest"))
    if len(edges) < 2:
        return [_named(edges[0], edges[0], unit)] * len(values)
    place = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2)
    names = [_named(low, high, unit) for low, high in pairwise(edges)]
    return [names[index] for index in place.tolist()]


def _named(low: float, high: float, unit: str) -> str:
    return f"{low:g} to {high:g} {unit}".rstrip()


def in_order(names: Iterable[str]) -> list[str]:
    """The names of slices as a table lists them: by number where they begin with one."""

    def key(name: str) -> tuple[bool, float, str]:
        number = _NUMBER.match(name)
        return name == _OTHERS, float(number[0]) if number else float("inf"), name

    return sorted(set(names), key=key)
