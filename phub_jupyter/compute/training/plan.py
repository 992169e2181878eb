"""Which candidates a run tries, and at which steps the weaker fine-tunes are dropped."""

from __future__ import annotations

import math
import random
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from phub_jupyter.compute.training.settings import Settings

__all__ = ["BATCH_SIZE", "Candidate", "Plan", "plan"]

Family = Literal["words", "characters", "embeddings", "fine-tune"]
BATCH_SIZE = 32
_FIRST_RUNG = 40  # fewer steps tell nothing about a fine-tune
_REDUCTION = 3
_HEADS: tuple[tuple[Family, str, dict[str, Any]], ...] = (
    ("words", "TF-IDF words + logistic regression", {"C": 10.0}),
    # A linear head has learnt what it can from a few thousand rows; embedding more takes minutes.
    ("embeddings", "Frozen embeddings + logistic regression", {"C": 10.0, "max_rows": 4000}),
    ("characters", "TF-IDF characters + logistic regression", {"C": 10.0}),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to solve the task; ``parameters`` are what its family understands."""

    id: str
    name: str
    family: Family
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def is_fine_tune(self) -> bool:
        """Whether this candidate can be published; the others are cheap heads to compare with."""
        return self.family == "fine-tune"


@dataclass(frozen=True, slots=True)
class Plan:
    """All candidates, and the steps (``rungs``) at which fine-tunes are compared."""

    candidates: tuple[Candidate, ...]
    rungs: tuple[int, ...]

    @property
    def heads(self) -> list[Candidate]:
        """The cheap candidates."""
        return [candidate for candidate in self.candidates if not candidate.is_fine_tune]

    @property
    def fine_tunes(self) -> list[Candidate]:
        """The candidates that train the whole model."""
        return [candidate for candidate in self.candidates if candidate.is_fine_tune]

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


def plan(settings: Settings, train_rows: int) -> Plan:
    """Choose candidates for so many training rows; the same seed chooses the same ones."""
    heads = min(len(_HEADS), settings.candidates // 2)
    rows: list[tuple[str, Family, dict[str, Any]]] = [
        (name, family, parameters) for family, name, parameters in _HEADS[:heads]
    ]
    fine_tunes = settings.candidates - heads
    for number, parameters in enumerate(_sample(settings.seed, fine_tunes), start=1):
        rows.append((f"Fine-tune {number}", "fine-tune", parameters))
    candidates = tuple(
        Candidate(f"c{number}", name, family, parameters)
        for number, (name, family, parameters) in enumerate(rows, start=1)
    )
    return Plan(candidates, _rungs(train_rows))


def _sample(seed: int, number: int) -> list[dict[str, Any]]:
    """The recipe's own settings first, then others spread evenly over the search space."""
    generator = random.Random(seed)  # noqa: S311 - a reproducible choice, not a secret
    low, high = math.log(6e-5), math.log(3e-4)
    sampled: list[dict[str, Any]] = [
        {
            "learning_rate": 1e-4,
            "freeze_embeddings": False,
            "weight_decay": 0.01,
            "warmup": 0.1,
            "max_length": 128,
        }
    ]
    others = number - 1
    slots = generator.sample(range(others), others) if others > 0 else []
    for slot in slots:
        position = (slot + generator.random()) / others
        sampled.append(
            {
                "learning_rate": float(f"{math.exp(low + (high - low) * position):.2g}"),
                "freeze_embeddings": generator.choice([True, False]),
                "weight_decay": generator.choice([0.0, 0.01, 0.1]),
                "warmup": generator.choice([0.05, 0.1, 0.2]),
                "max_length": generator.choice([64, 128]),
            }
        )
    return sampled[:number]


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
