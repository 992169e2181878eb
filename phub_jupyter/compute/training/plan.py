"""Which candidates a run tries, and at which steps the weaker fine-tunes are dropped."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from phub_jupyter.compute.training.families import FAMILIES
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import Choice, FamilySpace, LogRange

__all__ = ["BATCH_SIZE", "Candidate", "Plan", "plan"]

BATCH_SIZE = 32
_FIRST_RUNG = 40  # fewer steps tell nothing about a fine-tune
_REDUCTION = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to solve the task; ``parameters`` are what its family understands."""

    id: str
    name: str
    family: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def publishable(self) -> bool:
        """Whether its result is a model that others can load."""
        return FAMILIES[self.family].publishable

    @property
    def stepwise(self) -> bool:
        """Whether it trains in steps and is compared with others on the way."""
        return FAMILIES[self.family].stepwise


@dataclass(frozen=True, slots=True)
class Plan:
    """All candidates, and the steps (``rungs``) at which fine-tunes are compared."""

    candidates: tuple[Candidate, ...]
    rungs: tuple[int, ...]

    @property
    def fitted(self) -> list[Candidate]:
        """The candidates that are fitted at one go."""
        return [candidate for candidate in self.candidates if not candidate.stepwise]

    @property
    def stepwise(self) -> list[Candidate]:
        """The candidates that train in steps."""
        return [candidate for candidate in self.candidates if candidate.stepwise]

    @staticmethod
    def survivors(number: int) -> int:
        """How many of ``number`` fine-tunes go on after a rung."""
        return math.ceil(number / _REDUCTION)

    def as_json(self) -> dict[str, Any]:
        """The plan as the record keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        """The plan that the record kept."""
        return cls(tuple(Candidate(**row) for row in body["candidates"]), tuple(body["rungs"]))


def plan(settings: Settings, spaces: Sequence[FamilySpace], train_rows: int) -> Plan:
    """Choose candidates from what a recipe can try; the same seed chooses the same ones.

    Up to half of them come one from each of the families that only serve to compare with; the
    publishable families share the rest.
    """
    compared = [space for space in spaces if not FAMILIES[space.family].publishable]
    searched = [space for space in spaces if FAMILIES[space.family].publishable]
    compared = compared[: settings.candidates // 2]
    rows = [(space.family, "", dict(space.default)) for space in compared]
    generator = random.Random(settings.seed)  # noqa: S311 - a reproducible choice, not a secret
    left = settings.candidates - len(rows)
    for number, space in enumerate(searched):
        share = left // len(searched) + (number < left % len(searched))
        drawn = _sample(space, generator, share)
        rows += [(space.family, f" {n}", point) for n, point in enumerate(drawn, start=1)]
    candidates = tuple(
        Candidate(f"c{number}", f"{FAMILIES[family].label}{suffix}", family, point)
        for number, (family, suffix, point) in enumerate(rows, start=1)
    )
    return Plan(candidates, _rungs(train_rows))


def _sample(space: FamilySpace, generator: random.Random, number: int) -> list[dict[str, Any]]:
    """The recipe's own settings first, then others spread evenly over the search space."""
    others = max(0, number - 1)
    slots = {
        name: generator.sample(range(others), others)
        for name, dimension in space.dimensions.items()
        if isinstance(dimension, LogRange)
    }
    drawn = [dict(space.default)]
    for index in range(others):
        point = dict(space.default)
        for name, dimension in space.dimensions.items():
            if isinstance(dimension, Choice):
                point[name] = generator.choice(dimension.values)
            else:
                position = (slots[name][index] + generator.random()) / others
                point[name] = _on_log_scale(dimension, position)
        drawn.append(point)
    return drawn[:number]


def _on_log_scale(dimension: LogRange, position: float) -> float:
    low, high = math.log(dimension.low), math.log(dimension.high)
    return float(f"{math.exp(low + (high - low) * position):.2g}")


def _rungs(train_rows: int) -> tuple[int, ...]:
    steps_per_epoch = math.ceil(train_rows / BATCH_SIZE)
    epochs = 1 if steps_per_epoch >= 200 else min(5, math.ceil(250 / steps_per_epoch))
    total = steps_per_epoch * epochs
    rungs = []
    rung = max(_FIRST_RUNG, total // _REDUCTION**2)
    while rung < total * 0.75:
        rungs.append(rung)
        rung *= _REDUCTION
    return (*rungs, total)
