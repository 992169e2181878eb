"""Predictions beside references, ready to be scored with any weights on the rows.

Drawing rows with replacement is giving each row a whole number as its weight. Whatever is a
formula over sums then costs one product of matrices for a thousand draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from phub_jupyter.errors import InvalidRequestError

__all__ = ["Floats", "Formula", "Ranked", "Sample", "SumSample", "ratio"]

Floats = NDArray[np.float64]
Formula = Callable[[Floats], Floats]


class Sample(Protocol):
    """Rows whose metrics can be computed for many weightings at once."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """The metrics that these predictions allow."""
        ...

    def cost(self, names: Sequence[str]) -> int:
        """How many numbers a row takes to compute these metrics, about."""
        ...

    def values(self, names: Sequence[str], weights: Floats) -> dict[str, Floats]:
        """Each metric for each row of ``weights`` (draws x rows). Raises InvalidRequestError."""
        ...

    def only(self, places: Sequence[int]) -> Sample:
        """The same for some of the rows."""
        ...


@dataclass(frozen=True)
class Ranked:
    """A metric over the order of the rows: ``make`` prepares the columns once."""

    make: Callable[..., Formula]
    columns: tuple[Floats, ...]

    @cached_property
    def formula(self) -> Formula:
        """The metric for weights on these rows."""
        return self.make(*self.columns)

    def only(self, places: Sequence[int]) -> Ranked:
        """The same for some of the rows."""
        return Ranked(self.make, tuple(column[list(places)] for column in self.columns))


@dataclass(frozen=True, slots=True)
class SumSample:
    """A sample whose metrics are mostly formulas over weighted sums of columns.

    ``statistics`` (rows x columns) may be sparse. ``formulas`` take sums, a line a draw;
    ``ranked`` are the metrics that need the order of the rows.
    ``absent`` says of other metrics what they lack.
    """

    statistics: Any
    formulas: Mapping[str, Formula]
    ranked: Mapping[str, Ranked] = field(default_factory=dict)
    ranked_cost: int = 1
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.statistics.shape[0])

    @property
    def names(self) -> Sequence[str]:
        """The metrics that these predictions allow."""
        return [*self.formulas, *self.ranked]

    def cost(self, names: Sequence[str]) -> int:
        """How many numbers a row takes to compute these metrics, about."""
        return self.ranked_cost if any(name in self.ranked for name in names) else 1

    def values(self, names: Sequence[str], weights: Floats) -> dict[str, Floats]:
        """Each metric for each row of ``weights``."""
        for name in names:
            if name in self.absent:
                raise InvalidRequestError(f"metric: '{name}' {self.absent[name]}.")
        sums: Floats = np.asarray(weights @ self.statistics)
        found = {}
        with np.errstate(divide="ignore", invalid="ignore"):
            for name in names:
                ranked = self.ranked.get(name)
                found[name] = (
                    self.formulas[name](sums) if ranked is None else ranked.formula(weights)
                )
        return found

    def only(self, places: Sequence[int]) -> SumSample:
        """The same for some of the rows."""
        kept = {name: ranked.only(places) for name, ranked in self.ranked.items()}
        return replace(self, statistics=self.statistics[list(places)], ranked=kept)


def ratio(above: Floats, below: Floats, nothing: float = np.nan) -> Floats:
    """A quotient; ``nothing`` where it would divide by zero."""
    quotient: Floats = np.full(np.shape(below), nothing)
    return np.divide(above, below, out=quotient, where=np.asarray(below != 0))
