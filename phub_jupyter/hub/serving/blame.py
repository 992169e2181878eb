"""Who brought the worker down: finds the model that does it, so that the others need not suffer.

When the worker dies while one model is at work, that model is guilty. When several are, all of
them are suspects: each then works alone until it has answered once, and the next death is clear.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from phub_jupyter.errors import OverloadedError

__all__ = ["Blame"]

_STRIKES = 2


class Blame:
    """The record of the models by name (any text that tells one model and commit from another).

    A guilty model that did it twice in a row is not run again for ``seconds``.
    """

    def __init__(self, seconds: float = 300, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._strikes: dict[str, int] = {}
        self._banned: dict[str, float] = {}
        self._alone = asyncio.Lock()

    def check(self, model: str) -> None:
        """Raise OverloadedError while the model is not to be run."""
        until = self._banned.get(model)
        if until is None:
            return
        left = until - self._clock()
        if left <= 0:
            del self._banned[model]
            return
        raise OverloadedError(
            "The process that runs models ended twice while it ran this one, so this one rests "
            f"for {left / 60:.0f} more minutes; look at its files, or commit other ones.",
            retry_after=max(1, round(left)),
        )

    @asynccontextmanager
    async def turn(self, model: str) -> AsyncIterator[None]:
        """Wait until the model may run: at once, unless it is one of several suspects."""
        if model not in self._strikes:
            yield
            return
        async with self._alone:
            self.check(model)
            yield

    def answered(self, model: str) -> None:
        """Note that the model has worked."""
        self._strikes.pop(model, None)

    def died(self, models: Collection[str]) -> set[str]:
        """Note that the worker ended while these were at work; those that are surely guilty."""
        suspects = {model for model in models if model in self._strikes} or set(models)
        for model in suspects:
            self._strikes[model] = self._strikes.get(model, 0) + 1
        if len(suspects) != 1:
            return set()
        (guilty,) = suspects
        if self._strikes[guilty] >= _STRIKES:
            self._banned[guilty] = self._clock() + self._seconds
        return {guilty}
