"""How numbers to be learnt are brought to mean 0 and spread 1, and back."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import torch

__all__ = ["NumberScale"]


@dataclass(frozen=True, slots=True)
class NumberScale:
    """Mean and spread of the training rows' numbers, in the unit of the data."""

    mean: float
    spread: float

    @classmethod
    def of(cls, targets: Sequence[float]) -> Self:
        """The scale of some numbers, which are not all the same."""
        mean = statistics.fmean(targets)
        return cls(mean, statistics.pstdev(targets, mean))

    def learnt(self, values: Sequence[float]) -> list[float]:
        """The numbers as a model learns them."""
        return [(value - self.mean) / self.spread for value in values]

    def told(self, values: Sequence[float]) -> list[float]:
        """What a model gives, in the unit of the data."""
        return [self.mean + self.spread * float(value) for value in values]

    def fold_into(self, layer: torch.nn.Linear) -> None:
        """Let a model's last layer give numbers in the unit of the data by itself."""
        import torch

        with torch.no_grad():
            layer.weight.mul_(self.spread)
            layer.bias.mul_(self.spread).add_(self.mean)
