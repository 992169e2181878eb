"""The worker process over the hub's life: started when needed, replaced when it dies.

A call whose worker died through no fault of its own model is made again, and its caller never
hears of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phub_jupyter.errors import OverloadedError
from phub_jupyter.hub.serving.blame import Blame
from phub_jupyter.hub.serving.worker_process import WorkerLostError, WorkerProcess

__all__ = ["Workers"]

_TRIES = 4


@dataclass(slots=True)
class _Life:
    """One worker, the models at work in it, and once it is dead, which of them are guilty."""

    worker: WorkerProcess
    models: Counter[str] = field(default_factory=Counter)
    guilty: set[str] | None = None


class _InnocentError(Exception):
    """The worker died, and not because of this call's model."""


class Workers:
    """One worker at a time. No answer, and no piece of one, is waited for beyond ``patience``."""

    def __init__(self, folder: Path, options: Sequence[str], patience: float) -> None:
        self._folder = folder
        self._options = tuple(options)
        self.patience = patience
        self._blame = Blame()
        self._life: _Life | None = None
        self._starting = asyncio.Lock()

    @property
    def running(self) -> WorkerProcess | None:
        """The worker, if there is one."""
        life = self._life
        return life.worker if life is not None and life.worker.is_running else None

    async def ask(self, model: str, **call: Any) -> Any:
        """The answer to a call of ``model``.

        Raises what the worker says, or OverloadedError when the model brought it down.
        """
        for _ in range(_TRIES):
            try:
                async with self._at_work(model) as worker:
                    answer = await self._patiently(worker, worker.ask("infer", **call))
                self._blame.answered(model)
                return answer
            except _InnocentError:
                continue
        raise _unlucky()

    async def stream(self, model: str, **call: Any) -> AsyncGenerator[Any]:
        """The pieces of the answer to a call of ``model``; leaving early stops it.

        Raises as `ask` does. A call is made again only as long as no piece has come.
        """
        for _ in range(_TRIES):
            begun = False
            try:
                async with aclosing(self._pieces(model, call)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except _InnocentError:
                if begun:
                    break
        raise _unlucky()

    async def _pieces(self, model: str, call: Mapping[str, Any]) -> AsyncGenerator[Any]:
        async with (
            self._at_work(model) as worker,
            aclosing(worker.stream("infer", **call)) as pieces,
        ):
            while (piece := await self._patiently(worker, _next(pieces))) is not None:
                self._blame.answered(model)
                yield piece

    async def stop(self) -> None:
        """End the worker. A later call starts another one."""
        life, self._life = self._life, None
        if life is not None:
            await life.worker.stop()

    @asynccontextmanager
    async def _at_work(self, model: str) -> AsyncIterator[WorkerProcess]:
        self._blame.check(model)
        async with self._blame.turn(model):
            life = await self._running_life()
            life.models[model] += 1
            try:
                yield life.worker
            except WorkerLostError:
                if model in self._guilty(life):
                    raise
                raise _InnocentError from None
            except TimeoutError:
                self._guilty(life)
                raise OverloadedError(
                    f"The model gave no answer within {self.patience:g} seconds, so it was "
                    "stopped; send less at a time.",
                    retry_after=5,
                ) from None
            finally:
                life.models[model] -= 1

    def _guilty(self, life: _Life) -> set[str]:
        # Whoever hears of a death first finds all others still counted as being at work.
        if life.guilty is None:
            life.guilty = self._blame.died([name for name, count in life.models.items() if count])
        return life.guilty

    async def _patiently(self, worker: WorkerProcess, answer: Awaitable[Any]) -> Any:
        try:
            return await asyncio.wait_for(answer, self.patience)
        except TimeoutError:
            if worker.is_running:
                await worker.stop(lost=True)  # a model that computes cannot be told to stop
            raise

    async def _running_life(self) -> _Life:
        async with self._starting:
            if self._life is None or not self._life.worker.is_running:
                if self._life is not None:
                    await self._life.worker.stop()
                self._life = _Life(await WorkerProcess.start(self._folder, self._options))
            return self._life


async def _next(pieces: AsyncGenerator[Any]) -> Any:
    return await anext(pieces, None)


def _unlucky() -> OverloadedError:
    return OverloadedError(
        "The process that runs models ended again and again under other models; try again later.",
        retry_after=30,
    )
