"""The list of cases: one function a method of the client, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

__all__ = ["CASES", "Tour", "case"]


@dataclass
class Tour:
    """What the cases share: the client of ada, the one of bob, and what earlier cases made."""

    api: Any
    bob: Any
    endpoint: str
    folder: Path
    made: dict[str, Any] = field(default_factory=dict)

    def has(self, *methods: str) -> bool:
        """Whether this release of the client has all these methods."""
        return all(hasattr(HfApi, method) for method in methods)


Case = Callable[[Tour], Any]
CASES: dict[str, Case] = {}


def case(*methods: str) -> Callable[[Case], Case]:
    """Register the way to call a method; one function may stand for several."""

    def register(function: Case) -> Case:
        for method in methods:
            assert method not in CASES, method
            CASES[method] = function
        return function

    return register
