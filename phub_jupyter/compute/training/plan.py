"""Which candidates a run tries, and at which steps those that train in steps are compared."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from phub_jupyter.compute.training.families import FAMILIES
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace

__all__ = ["BATCH_SIZE", "Candidate", "Plan", "plan"]

BATCH_SIZE = 32
_FIRST_RUNG = 40  # fewer steps tell nothing about a fine-tune
_REDUCTION = 3
_FINALISTS = 2
_MOST_COMPARED = 4  # of one family that only serves to compare with


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to solve the task; ``parameters`` are what its family understands.

    ``open`` ones have none yet: the search proposes them when it is their turn.
    """

    id: str
    name: str
    family: str
    parameters: dict[str, Any] = field(default_factory=dict)
    open: bool = False

    @property
    def publishable(self) -> bool:
        """Whether its result is a model that others can load."""
        return FAMILIES[self.family].publishable

    @property
    def stepwise(self) -> bool:
        """Whether it trains in steps and is compared with others on the way."""
        return FAMILIES[self.family].stepwise

    @property
    def batch_size(self) -> int:
        """How many rows it sees in a step."""
        return int(self.parameters.get("batch_size", BATCH_SIZE))


@dataclass(frozen=True, slots=True)
class Plan:
    """All candidates, and the rungs at which those that train in steps are compared.

    A rung is a number of steps of `BATCH_SIZE` rows; the last is a whole training unless the
    candidate's ``epochs`` say otherwise. ``epoch`` is the number of such steps in one epoch.
    """

    candidates: tuple[Candidate, ...]
    rungs: tuple[int, ...]
    epoch: int

    @property
    def fitted(self) -> list[Candidate]:
        """The candidates that are fitted at one go."""
        return [candidate for candidate in self.candidates if not candidate.stepwise]

    @property
    def stepwise(self) -> list[Candidate]:
        """The candidates that train in steps."""
        return [candidate for candidate in self.candidates if candidate.stepwise]

    def total(self, candidate: Candidate) -> int:
        """The steps of a candidate's whole training, one for what is fitted at one go."""
        if not candidate.stepwise:
            return 1
        epochs = candidate.parameters.get("epochs")
        steps = self.rungs[-1] if epochs is None else self.epoch * epochs
        return max(1, math.ceil(steps * BATCH_SIZE / candidate.batch_size))

    def goal(self, candidate: Candidate, rung: int) -> int:
        """The candidate's own step at a rung: candidates there have seen the same rows."""
        total = self.total(candidate)
        if rung == self.rungs[-1]:
            return total
        return min(total, math.ceil(rung * BATCH_SIZE / candidate.batch_size))

    def survivors(self, rung: int) -> dict[str, int]:
        """How many of each family go on after a rung; two at least, all families together."""
        times = self.rungs.index(rung) + 1
        counts = Counter(candidate.family for candidate in self.stepwise)
        kept = {family: math.ceil(count / _REDUCTION**times) for family, count in counts.items()}
        for family, count in counts.most_common():
            missing = max(0, _FINALISTS - sum(kept.values()))
            kept[family] = min(count, kept[family] + missing)
        return kept

    def as_json(self) -> dict[str, Any]:
        """The plan as the record keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        """The plan that the record kept."""
        candidates = tuple(Candidate(**row) for row in body["candidates"])
        return cls(candidates, tuple(body["rungs"]), body["epoch"])


def plan(settings: Settings, spaces: Sequence[FamilySpace], train_rows: int) -> Plan:
    """Share the candidates out to the families of a recipe.

    Up to half of them come from the families that only serve to compare with, the rest from the
    publishable ones by their weight. The first of each family has the recipe's own settings.
    """
    compared = [space for space in spaces if not FAMILIES[space.family].publishable]
    searched = [space for space in spaces if FAMILIES[space.family].publishable]
    slots = _compared(compared, settings.candidates // 2)
    slots += _searched(searched, settings.candidates - len(slots))
    many = Counter(space.family for space in slots)
    seen: Counter[str] = Counter()
    candidates = []
    for number, space in enumerate(slots, start=1):
        seen[space.family] += 1
        count = seen[space.family]
        suffix = f" {count}" if many[space.family] > 1 else ""
        name = f"{FAMILIES[space.family].label}{suffix}"
        known = {} if count > 1 else dict(space.default)
        candidates.append(Candidate(f"c{number}", name, space.family, known, open=count > 1))
    epoch = math.ceil(train_rows / BATCH_SIZE)
    return Plan(tuple(candidates), _rungs(epoch), epoch)


def _compared(spaces: Sequence[FamilySpace], number: int) -> list[FamilySpace]:
    """One of each family first, then more of those that have something to vary."""
    slots = list(spaces)
    for _ in range(_MOST_COMPARED - 1):
        slots += [space for space in spaces if space.dimensions]
    return slots[:number]


def _searched(spaces: Sequence[FamilySpace], number: int) -> list[FamilySpace]:
    """Each family by its weight; the heavier one first where that leaves a choice."""
    counts = {space.family: 0 for space in spaces}
    slots: list[FamilySpace] = []
    open_ = list(spaces)
    while len(slots) < number and open_:
        chosen = min(open_, key=lambda row: ((counts[row.family] + 1) / row.weight, -row.weight))
        counts[chosen.family] += 1
        slots.append(chosen)
        if not chosen.dimensions:
            open_.remove(chosen)
    return slots


def _rungs(epoch: int) -> tuple[int, ...]:
    epochs = 1 if epoch >= 200 else min(5, math.ceil(250 / epoch))
    total = epoch * epochs
    rungs = []
    rung = max(_FIRST_RUNG, total // _REDUCTION**2)
    while rung < total * 0.75:
        rungs.append(rung)
        rung *= _REDUCTION
    return (*rungs, total)
