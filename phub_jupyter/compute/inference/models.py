"""The models that a worker holds: loaded on first use, let go when idle or too many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.batcher import Batcher, BatchLimits, Lanes
from phub_jupyter.compute.inference.memory import Memory
from phub_jupyter.compute.inference.pipelines import Pipeline, StreamingPipeline, task_module

__all__ = ["LoadedModel", "Models"]

_Load = Callable[[Path], Pipeline | StreamingPipeline]
_Key = tuple[_Load, Path]


@dataclass(slots=True)
class LoadedModel:
    """A pipeline with its queue; one that writes bit by bit has none."""

    pipeline: Any
    batcher: Batcher[Any, Any] | None

    @property
    def waiting(self) -> int:
        """How many items wait for a lane."""
        return 0 if self.batcher is None else self.batcher.waiting


@dataclass(slots=True)
class _Slot:
    task: str
    loading: asyncio.Future[LoadedModel]
    users: int = 0
    used_at: float = field(default_factory=time.monotonic)


class Models:
    """At most ``count`` models within the ``memory``; the longest unused one goes first.

    A model in use is never let go, so both may be exceeded while all are busy.
    """

    def __init__(
        self,
        lanes: Lanes,
        *,
        count: int,
        memory: Memory,
        idle_seconds: float,
        limits: BatchLimits,
    ) -> None:
        self._memory = memory
        self._lanes = lanes
        self._count = count
        self._idle_seconds = idle_seconds
        self._limits = limits
        self._slots: dict[_Key, _Slot] = {}
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")

    @asynccontextmanager
    async def use(self, task: str, folder: Path) -> AsyncIterator[LoadedModel]:
        """The model in ``folder``, loaded if it is not; kept at least until the block ends."""
        load = task_module(task).load
        key = (load, folder)
        slot = self._slots.get(key)
        if slot is None:
            need = self._memory.check(folder)
            self._let_go_beyond_count(self._count - 1)
            self._let_go_beyond_memory(2 * need)  # half precision is tried beside the full one
            slot = self._slots[key] = _Slot(task, asyncio.ensure_future(self._load(load, folder)))
        slot.users += 1
        try:
            yield await self._loaded(slot)
        finally:
            slot.users -= 1
            slot.used_at = time.monotonic()
            failed = slot.loading.done() and slot.loading.exception() is not None
            if failed and self._slots.get(key) is slot:
                del self._slots[key]  # the next call tries again

    async def _loaded(self, slot: _Slot) -> LoadedModel:
        """The model; loading goes on for the next caller when this one leaves."""
        try:
            return await asyncio.shield(slot.loading)
        except asyncio.CancelledError:
            await asyncio.wait({slot.loading})
            raise

    def let_go_idle(self) -> None:
        """Drop the models that nobody has used for a while, or that have grown too much.

        Call this now and then.
        """
        limit = time.monotonic() - self._idle_seconds
        self._drop([key for key, slot in self._unused() if slot.used_at <= limit])
        self._let_go_beyond_memory(0)

    def describe(self) -> list[dict[str, Any]]:
        """What is loaded, for a person who looks at the hub's health."""
        return [
            {
                "task": slot.task,
                "folder": str(folder),
                "idle_seconds": round(time.monotonic() - slot.used_at, 1),
                "waiting": slot.loading.result().waiting,
                **slot.loading.result().pipeline.describe(),
            }
            for (_, folder), slot in self._slots.items()
            if slot.loading.done() and slot.loading.exception() is None
        ]

    async def _load(self, load: _Load, folder: Path) -> LoadedModel:
        loop = asyncio.get_running_loop()
        pipeline = await loop.run_in_executor(self._loader, load, folder)
        if isinstance(pipeline, StreamingPipeline):
            return LoadedModel(pipeline, None)
        return LoadedModel(pipeline, Batcher(pipeline.run, self._lanes, self._limits))

    def _unused(self) -> list[tuple[_Key, _Slot]]:
        return [
            (key, slot)
            for key, slot in self._slots.items()
            if slot.users == 0 and slot.loading.done()
        ]

    def _let_go_beyond_count(self, count: int) -> None:
        surplus = len(self._slots) - count
        if surplus > 0:
            self._drop(self._longest_unused()[:surplus])

    def _let_go_beyond_memory(self, need: int) -> None:
        unused = self._longest_unused()
        while unused and self._memory.lacks(need):
            self._drop([unused.pop(0)])

    def _longest_unused(self) -> list[_Key]:
        return [key for key, _ in sorted(self._unused(), key=lambda pair: pair[1].used_at)]

    def _drop(self, keys: list[_Key]) -> None:
        for key in keys:
            del self._slots[key]
        if keys:
            self._memory.give_back()
