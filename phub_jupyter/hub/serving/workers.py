"""The worker process over the hub's life: started when needed, replaced when it dies.

A call whose worker died through no fault of its own model is made again, and its caller never
hears of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phub_jupyter.errors import OverloadedError
from phub_jupyter.hub.serving.blame import Blame
from phub_jupyter.hub.serving.worker_process import (
    Errand,
    WorkerLostError,
    WorkerProcess,
)

__all__ = ["Workers"]

_LOG = logging.getLogger("phub")
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
    """One worker at a time.

    What has not ended ``patience`` seconds after its caller left hangs, and is ended with the
    worker.
    """

    def __init__(self, folder: Path, options: Sequence[str], patience: float) -> None:
        self._folder = folder
        self._options = tuple(options)
        self.patience = patience
        self._blame = Blame()
        self._life: _Life | None = None
        self._starting = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> WorkerProcess | None:
        """The worker, if there is one."""
        life = self._life
        return life.worker if life is not None and life.worker.is_running else None

    async def ask(self, errand: Errand) -> Any:
        """The answer to a call.

        Raises what the worker says, or OverloadedError when the model brought it down.
        """
        for _ in range(_TRIES):
            try:
                async with self._at_work(errand) as worker:
                    answer = await worker.ask("infer", errand)
                self._blame.answered(errand.model)
                return answer
            except _InnocentError:
                continue
        raise _unlucky()

    async def stream(self, errand: Errand) -> AsyncGenerator[Any]:
        """The pieces of the answer to a call; leaving early stops it.

        Raises as `ask` does. A call is made again only as long as no piece has come.
        """
        for _ in range(_TRIES):
            begun = False
            try:
                async with aclosing(self._pieces(errand)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except _InnocentError:
                if begun:
                    break
        raise _unlucky()

    async def _pieces(self, errand: Errand) -> AsyncGenerator[Any]:
        async with (
            self._at_work(errand) as worker,
            aclosing(worker.stream("infer", errand)) as pieces,
        ):
            async for piece in pieces:
                self._blame.answered(errand.model)
                yield piece

    async def stop(self) -> None:
        """End the worker. A later call starts another one."""
        life, self._life = self._life, None
        if life is not None:
            await life.worker.stop()
        if self._leaving:
            await asyncio.wait(self._leaving)

    @asynccontextmanager
    async def _at_work(self, errand: Errand) -> AsyncIterator[WorkerProcess]:
        model = errand.model
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
            finally:
                if errand.gone is None:
                    life.models[model] -= 1
                else:
                    self._see_off(life, model, errand.gone)

    def _see_off(self, life: _Life, model: str, gone: asyncio.Future[None]) -> None:
        task = asyncio.create_task(self._await_end(life, model, gone))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _await_end(self, life: _Life, model: str, gone: asyncio.Future[None]) -> None:
        """Keep the model at work until its work has ended, by itself or with the worker."""
        try:
            await asyncio.wait_for(gone, self.patience)
        except TimeoutError:
            if life.worker.is_running:
                _LOG.error("a model hangs, so the process that runs models is ended: %s", model)
                life.guilty = self._blame.died([model])
                await life.worker.stop(lost=True)
        finally:
            life.models[model] -= 1

    def _guilty(self, life: _Life) -> set[str]:
        # Whoever hears of a death first finds all others still counted as being at work.
        if life.guilty is None:
            life.guilty = self._blame.died([name for name, count in life.models.items() if count])
        return life.guilty

    async def _running_life(self) -> _Life:
        async with self._starting:
            if self._life is None or not self._life.worker.is_running:
                if self._life is not None:
                    await self._life.worker.stop()
                self._life = _Life(await WorkerProcess.start(self._folder, self._options))
            return self._life


def _unlucky() -> OverloadedError:
    return OverloadedError(
        "The process that runs models ended again and again under other models; try again later.",
        retry_after=30,
    )
