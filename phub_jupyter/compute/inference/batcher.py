"""Gathers texts of concurrent requests into batches of similar length.

On a processor a batch only pays when its texts are about equally long, because every shorter text
is filled up to the longest. So whenever a lane is free, the longest-waiting text goes at once, and
takes along whichever waiting texts are closest to its length. Nothing waits for a batch to fill.
"""

from __future__ import annotations

import asyncio
import math
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from phub_jupyter.compute.inference.abandoned import watched
from phub_jupyter.compute.inference.pipelines import Item
from phub_jupyter.errors import OverloadedError

__all__ = ["BatchLimits", "Batcher", "Lanes", "choose"]

I = TypeVar("I", bound=Item)  # noqa: E741
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How large a batch may be, how unequal its texts, and how many texts may wait.

    ``fill`` is the share of a batch's tokens that must be real rather than filling.
    """

    items: int = 64
    tokens: int = 2048
    fill: float = 0.8
    waiting: int = 1024


class Lanes:
    """The threads that run models, shared fairly by all models of a process."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = asyncio.Semaphore(count)
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="lane")

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[ThreadPoolExecutor]:
        """Wait for a free lane; who asked first gets it first."""
        async with self._free:
            yield self._executor

    def close(self) -> None:
        """Take no more work."""
        self._executor.shutdown(wait=False, cancel_futures=True)


@dataclass(slots=True)
class _Entry(Generic[I, R]):
    item: I
    done: asyncio.Future[R]
    running: asyncio.Future[list[R]] | None = None


def choose(lengths: Sequence[int], anchor: int, limits: BatchLimits) -> range:
    """The part of ascending ``lengths`` to run together with the one at ``anchor``.

    It grows from the anchor towards whichever neighbour is closer in length.
    """
    start, stop, real = anchor, anchor + 1, lengths[anchor]
    while stop - start < limits.items:
        below = lengths[anchor] - lengths[start - 1] if start > 0 else math.inf
        above = lengths[stop] - lengths[anchor] if stop < len(lengths) else math.inf
        if below == above == math.inf:
            break
        low, high = (start - 1, stop) if below <= above else (start, stop + 1)
        real += lengths[low] if below <= above else lengths[high - 1]
        padded = lengths[high - 1] * (high - low)
        if padded > limits.tokens or real < limits.fill * padded:
            break
        start, stop = low, high
    return range(start, stop)


@dataclass(slots=True)
class _Pace:
    """How long a text has taken lately."""

    seconds: float = 0.05

    def note(self, seconds: float, items: int) -> None:
        self.seconds += 0.2 * (seconds / items - self.seconds)


@dataclass(slots=True)
class Batcher(Generic[I, R]):
    """One model's waiting texts. ``run`` is called in a lane with one batch at a time per lane."""

    run: Callable[[Sequence[I]], list[R]]
    lanes: Lanes
    limits: BatchLimits = BatchLimits()
    _waiting: list[_Entry[I, R]] = field(default_factory=list)
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)
    _active: int = 0
    _pace: _Pace = field(default_factory=_Pace)

    @property
    def waiting(self) -> int:
        """How many texts wait for a lane."""
        return len(self._waiting)

    async def submit(self, items: Sequence[I]) -> list[R]:
        """Run ``items`` and return their outputs in the same order.

        Whoever is cancelled takes back what waits, and leaves once nothing of theirs runs. Raises
        OverloadedError when too many texts wait already.
        """
        if len(self._waiting) + len(items) > self.limits.waiting:
            raise OverloadedError(
                f"The model has {len(self._waiting)} texts waiting, and no room for "
                f"{len(items)} more; try again later.",
                retry_after=self._retry_after(),
            )
        loop = asyncio.get_running_loop()
        entries: list[_Entry[I, R]] = [_Entry(item, loop.create_future()) for item in items]
        self._waiting.extend(entries)
        self._start_pump()
        try:
            return await asyncio.gather(*(entry.done for entry in entries))
        except BaseException:
            for entry in entries:  # the caller is gone or refused: the rest need not run
                entry.done.cancel()
            running = {entry.running for entry in entries if entry.running is not None}
            if running:
                await asyncio.wait(running)
            raise

    def _retry_after(self) -> int:
        estimate = self._pace.seconds * len(self._waiting) / self.lanes.count
        return min(60, max(1, math.ceil(estimate)))

    def _start_pump(self) -> None:
        if self._active < self.lanes.count:
            self._active += 1
            pump = asyncio.create_task(self._pump())
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self) -> None:
        # The count goes down in the same step that finds nothing waiting, so that a text which
        # arrives right then starts a new pump.
        try:
            while self._waiting:
                async with self.lanes.lane() as executor:
                    batch = self._take()
                    if batch:
                        await self._run_batch(batch, executor)
        finally:
            self._active -= 1

    def _take(self) -> list[_Entry[I, R]]:
        waiting = [entry for entry in self._waiting if not entry.done.done()]
        if not waiting:
            self._waiting = []
            return []
        oldest = waiting[0]
        ordered = sorted(waiting, key=_length)
        lengths = [entry.item.length for entry in ordered]
        anchor = bisect_left(lengths, oldest.item.length)
        while ordered[anchor] is not oldest:
            anchor += 1
        batch = [ordered[index] for index in choose(lengths, anchor, self.limits)]
        taken = {id(entry) for entry in batch}
        self._waiting = [entry for entry in waiting if id(entry) not in taken]
        return batch

    def _run_watched(self, batch: Sequence[_Entry[I, R]]) -> list[R]:
        with watched(lambda: all(entry.done.done() for entry in batch)):
            return self.run([entry.item for entry in batch])

    async def _run_batch(self, batch: list[_Entry[I, R]], executor: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        started = time.monotonic()
        outputs: list[R] = []
        failure: Exception | None = None
        try:
            running = loop.run_in_executor(executor, self._run_watched, batch)
            for entry in batch:
                entry.running = running
            outputs = await running
        except Exception as error:
            failure = error
        self._pace.note(time.monotonic() - started, len(batch))
        for index, entry in enumerate(batch):
            if entry.done.done():
                continue
            if failure is not None:
                entry.done.set_exception(failure)
            else:
                entry.done.set_result(outputs[index])


def _length(entry: _Entry[Any, Any]) -> int:
    return int(entry.item.length)
