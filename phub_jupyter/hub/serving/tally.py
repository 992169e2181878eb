"""Counts of calls: how they ended, what they read and wrote, how long they took."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from phub_jupyter.errors import InvalidRequestError, NotSupportedError, OverloadedError

__all__ = ["EDGES", "OUTCOMES", "Meter", "Tally", "outcome_of", "quantile"]

OUTCOMES = ("answered", "refused", "overloaded", "failed", "abandoned")
"""How a call ends: the last is that the caller left."""

EDGES = (
    *(0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75),
    *(1.0, 1.5, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0),
)
"""Seconds up to which answers are counted together; slower ones come last."""


@dataclass(slots=True)
class Meter:
    """What one call has read and written so far; ``outcome`` where no error says it."""

    tokens_in: int = 0
    tokens_out: int = 0
    outcome: str | None = None


def outcome_of(error: BaseException) -> str:
    """How a call ended that raised this."""
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "abandoned"
    if isinstance(error, OverloadedError):
        return "overloaded"
    return "refused" if isinstance(error, InvalidRequestError | NotSupportedError) else "failed"


def _no_latencies() -> list[int]:
    return [0] * (len(EDGES) + 1)


@dataclass(slots=True)
class Tally:
    """Some calls together. Times are those of answered calls."""

    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    latencies: list[int] = field(default_factory=_no_latencies)

    @property
    def requests(self) -> int:
        """All calls, however they ended."""
        return sum(self.outcomes.values())

    def note(self, outcome: str, meter: Meter, seconds: float) -> None:
        """Count one more call."""
        self.outcomes[outcome] += 1
        self.tokens_in += meter.tokens_in
        self.tokens_out += meter.tokens_out
        if outcome == "answered":
            self.seconds += seconds
            self.latencies[bisect_left(EDGES, seconds)] += 1

    def add(self, other: Tally) -> None:
        """Count the calls of another tally too."""
        for outcome, number in other.outcomes.items():
            self.outcomes[outcome] += number
        self.tokens_in += other.tokens_in
        self.tokens_out += other.tokens_out
        self.seconds += other.seconds
        self.latencies = [
            one + two for one, two in zip(self.latencies, other.latencies, strict=True)
        ]


def quantile(latencies: Sequence[int], share: float) -> float | None:
    """The seconds within which that share of calls was answered, between two of the `EDGES`.

    What is slower than the last edge counts as that edge; None without calls.
    """
    total = sum(latencies)
    if not total:
        return None
    wanted = share * total
    edges = (0.0, *EDGES, EDGES[-1])
    counts = zip(latencies, accumulate(latencies), pairwise(edges), strict=True)
    for number, upto, (low, high) in counts:
        if number and upto >= wanted:
            return low + (high - low) * (wanted - (upto - number)) / number
    return EDGES[-1]
