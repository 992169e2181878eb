"""Metrics of people's own: the code of a repository, which somebody trusts at one commit.

A repository holds ``metric.py`` with ``compute(references, predictions)``, lists with an entry a
row, which returns a number. ``METRIC = {"label": "…", "higher_is_better": False}`` is optional.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from phub_jupyter.compute.evaluation.metrics.sample import Floats, Sample
from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.metrics import Metric

__all__ = ["FILE", "OwnMetric", "SampleWithOwn", "load_metric"]

FILE = "metric.py"
_COST = 1_000  # numbers a row: few draws, as nobody knows how long the code takes
_LONGEST_LABEL = 100


@dataclass(frozen=True, slots=True)
class OwnMetric:
    """A metric by the name of its repository, and the code that computes it."""

    metric: Metric
    compute: Callable[[Sequence[Any], Sequence[Any]], Any]

    def of(self, references: Sequence[Any], predictions: Sequence[Any]) -> float:
        """The value on some rows. Raises InvalidRequestError if the code does not give one."""
        try:
            value = float(self.compute(references, predictions))
        except Exception as error:  # whatever the code raises
            told = f"{type(error).__name__}: {error}".splitlines()[0]
            raise InvalidRequestError(
                f"metric: {self.metric.name} failed ({told:.200}); correct its {FILE}."
            ) from error
        return value if math.isfinite(value) else math.nan


def load_metric(name: str, folder: Path) -> OwnMetric:
    """Run the code of a metric, which must be trusted. Raises InvalidRequestError."""
    file = folder / FILE
    if not file.is_file():
        raise InvalidRequestError(f"metric: {name} has no {FILE}; it cannot be used as a metric.")
    spec = importlib.util.spec_from_file_location("phub_metric", file)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the code raises
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InvalidRequestError(
            f"metric: the {FILE} of {name} cannot be loaded ({told:.200})."
        ) from error
    compute = getattr(module, "compute", None)
    about = getattr(module, "METRIC", {})
    if not callable(compute) or not isinstance(about, Mapping):
        raise InvalidRequestError(
            f"metric: the {FILE} of {name} needs a function compute(references, predictions), and "
            "METRIC, if there is one, must be a dict."
        )
    label = str(about.get("label", name))[:_LONGEST_LABEL]
    higher = bool(about.get("higher_is_better", True))
    return OwnMetric(Metric(name, label, higher, "number", None, None), compute)


@dataclass(frozen=True)
class SampleWithOwn:
    """A sample that knows metrics of people's own as well."""

    known: Sample
    own: Mapping[str, OwnMetric]
    references: Sequence[Any] = field(repr=False)
    predictions: Sequence[Any] = field(repr=False)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.known.rows

    @property
    def names(self) -> Sequence[str]:
        """The metrics that these predictions allow."""
        return [*self.known.names, *self.own]

    def cost(self, names: Sequence[str]) -> int:
        """How many numbers a row takes to compute these metrics, about."""
        built_in = [name for name in names if name not in self.own]
        cost = self.known.cost(built_in) if built_in else 1
        return cost if len(built_in) == len(names) else max(cost, _COST)

    def values(self, names: Sequence[str], weights: Floats) -> dict[str, Floats]:
        """Each metric for each row of ``weights``."""
        found = self.known.values([name for name in names if name not in self.own], weights)
        for name in names:
            if name in self.own:
                found[name] = np.asarray([self._drawn(self.own[name], line) for line in weights])
        return found

    def only(self, places: Sequence[int]) -> SampleWithOwn:
        """The same for some of the rows."""
        return SampleWithOwn(
            self.known.only(places),
            self.own,
            [self.references[place] for place in places],
            [self.predictions[place] for place in places],
        )

    def _drawn(self, metric: OwnMetric, weights: Floats) -> float:
        places = np.repeat(np.arange(len(weights)), weights.astype(int)).tolist()
        return metric.of(
            [self.references[place] for place in places],
            [self.predictions[place] for place in places],
        )
