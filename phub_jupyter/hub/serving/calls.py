"""One call of a model, and the door where calls are counted in and out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from phub_jupyter.errors import OverloadedError, TooManyCallsError
from phub_jupyter.hub.access import ANONYMOUS, Actor
from phub_jupyter.hub.serving.limits import ServingLimits
from phub_jupyter.hub.serving.tally import Meter

__all__ = ["Admission", "Call"]

_RETRY_AFTER = 2


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: a whole JSON body for a task.

    ``caller`` tells one caller from another, ``actor`` is with whose rights they call; ``seconds``
    is how long they would wait, if that is less than the hub would. ``line`` is the branch that
    they asked for, None for an exact commit. What the call takes is noted in the ``meter``.
    """

    task: str
    body: Mapping[str, Any]
    caller: Hashable = None
    seconds: float | None = None
    meter: Meter = field(default_factory=Meter)
    actor: Actor = ANONYMOUS
    line: str | None = None


class Admission:
    """Counts the calls under way, and refuses what would be too many."""

    def __init__(self, limits: ServingLimits) -> None:
        self.limits = limits
        self.calls = 0
        self._models: Counter[str] = Counter()
        self._callers: Counter[Hashable] = Counter()

    @contextmanager
    def admitted(self, model: str, caller: Hashable) -> Iterator[None]:
        """The time of one call. Raises OverloadedError, or TooManyCallsError for the caller's."""
        self._check(model, caller)
        self.calls += 1
        self._models[model] += 1
        self._callers[caller] += 1
        try:
            yield
        finally:
            self.calls -= 1
            _take(self._models, model)
            _take(self._callers, caller)

    def _check(self, model: str, caller: Hashable) -> None:
        own = self._callers[caller] if caller is not None else 0
        if own >= self.limits.calls_per_caller:
            raise TooManyCallsError(
                f"You have {own} calls to models under way, and more are not taken; wait for "
                "some of them to end.",
                retry_after=_RETRY_AFTER,
            )
        if self.calls >= self.limits.calls:
            raise OverloadedError(
                f"The hub is answering {self.calls} calls to models already; try again later.",
                retry_after=_RETRY_AFTER,
            )
        if self._models[model] >= self.limits.calls_per_model:
            raise OverloadedError(
                f"The model is answering {self._models[model]} calls already; try again later.",
                retry_after=_RETRY_AFTER,
            )


def _take(counter: Counter[Any], key: Hashable) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
