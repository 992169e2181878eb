"""The search space of a task, as its recipe declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Choice", "Dimension", "FamilySpace", "LogRange"]


@dataclass(frozen=True, slots=True)
class LogRange:
    """Numbers between ``low`` and ``high``, drawn evenly over their logarithms."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values: numbers, words, truth values or None."""

    values: tuple[Any, ...]


Dimension = LogRange | Choice


@dataclass(frozen=True, slots=True)
class FamilySpace:
    """What of one family can be tried.

    ``default`` is tried first: the recipe's own settings, known to work. ``dimensions`` are what
    the search varies of it; a family without any is tried once. ``weight`` is the family's part
    of the candidates, next to the other publishable families'.

    The race itself understands ``batch_size`` and ``epochs`` (which may be a fraction);
    `StepwiseTrial` understands ``learning_rate``, ``weight_decay``, ``warmup``, ``scheduler``,
    ``frozen_layers`` and, for the family ``lora``, ``rank``.
    """

    family: str
    default: Mapping[str, Any]
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    weight: int = 1
