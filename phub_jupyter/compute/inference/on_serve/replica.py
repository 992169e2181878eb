"""One replica of a model: the engine of the worker process, in an actor of Ray Serve.

Errors are answers here, in the words of the hub's frames: what an actor raises is written into
Ray's logs, and callers of the hub are promised errors of the hub.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from phub_jupyter.compute.inference.connection import Send, refused
from phub_jupyter.compute.inference.on_serve.files import ModelCache
from phub_jupyter.compute.inference.on_serve.orders import Revision
from phub_jupyter.compute.inference.on_serve.passes import pass_for
from phub_jupyter.errors import HubError, StorageError
from phub_jupyter.serve_settings import ServeSettings

__all__ = ["CALLS_PER_REPLICA", "Replica"]

CALLS_PER_REPLICA = 4
"""Times the target: so many calls find a replica's queue open."""

_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "PHUB_TOKEN")
_FETCH_SECONDS = 120.0  # until the files must be here, else Serve tries elsewhere
_PATIENCE = 300.0  # seconds until work that nobody waits for is taken for one that hangs


class Replica:
    """Answers calls with one commit of one model, which is loaded before the first of them."""

    async def __init__(  # type: ignore[misc]  # Serve awaits it
        self, revision: Revision, task: str, settings: ServeSettings, board: str
    ) -> None:
        os.environ.update(_ENVIRONMENT)
        for name in _TOKENS:
            os.environ.pop(name, None)
        # These load torch, which looks at the environment.
        from phub_jupyter.compute.inference.engine import InferenceEngine

        self._leaving: dict[asyncio.Task[dict[str, Any]], float] = {}
        self._folder = await _files(ModelCache(settings.endpoint), revision, board)
        self._engine = InferenceEngine(_limits(settings))
        with suppress(Exception):  # what is wrong with the model is told to whoever calls it
            await self._engine.load(task, self._folder)

    async def infer(self, task: str, body: dict[str, Any]) -> dict[str, Any]:
        """The last frame of the answer."""
        return await self._watched(asyncio.create_task(self._answer(task, body, None)))

    async def stream(self, task: str, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """The frames of an answer that is written bit by bit."""
        frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        async def send(piece: Any) -> None:
            frames.put_nowait({"piece": piece})

        def finish(done: asyncio.Task[dict[str, Any]]) -> None:
            if not done.cancelled():
                frames.put_nowait(done.result())

        work = asyncio.create_task(self._answer(task, body, send))
        work.add_done_callback(finish)
        try:
            while "piece" in (frame := await frames.get()):
                yield frame
            yield frame
        finally:
            self._let_go(work)

    async def check_health(self) -> None:
        """Raise when work hangs, so that Serve puts another replica in this one's place."""
        with suppress(OSError):
            os.utime(self._folder)  # it is in use
        self._engine.tick()
        limit = time.monotonic() - _PATIENCE
        if any(since < limit for since in self._leaving.values()):
            raise RuntimeError("a call that nobody waits for does not end")

    async def _answer(self, task: str, body: dict[str, Any], send: Send | None) -> dict[str, Any]:
        try:
            call = {"task": task, "body": body, "folder": str(self._folder)}
            return await self._engine.answer(call, send)
        except Exception as error:
            return refused(error)

    async def _watched(self, work: asyncio.Task[dict[str, Any]]) -> dict[str, Any]:
        try:
            return await asyncio.shield(work)
        finally:
            self._let_go(work)

    def _let_go(self, work: asyncio.Task[dict[str, Any]]) -> None:
        if not work.done():
            work.cancel()
            self._leaving[work] = time.monotonic()
            work.add_done_callback(lambda done: self._leaving.pop(done, None))


async def _files(cache: ModelCache, revision: Revision, board: str) -> Path:
    """The files, which need a pass of somebody who calls the model; there is one if anybody does.

    Raises StorageError when there is none for too long, or the hub does not answer.
    """
    deadline = time.monotonic() + _FETCH_SECONDS
    reason = "nobody who may read the model has called it"
    while (folder := cache.known(revision)) is None:
        if time.monotonic() > deadline:
            raise StorageError(f"The model's files could not be fetched: {reason}.")
        ticket = await asyncio.to_thread(pass_for, board, revision.repo)
        try:
            if ticket is not None:
                return await asyncio.to_thread(cache.fetch, revision, ticket)
        except requests.HTTPError as error:
            reason = f"the hub answers {error.response.status_code}"
        except (HubError, OSError) as error:
            reason = f"{type(error).__name__}"
        await asyncio.sleep(1)
    return folder


def _limits(settings: ServeSettings) -> Any:
    from phub_jupyter.compute.inference.engine import EngineLimits

    memory = {"memory": int(settings.memory_gb * 1e9)} if settings.memory_gb else {}
    lanes = max(1, int(settings.cpus))
    streams = CALLS_PER_REPLICA * settings.target_ongoing_requests
    return EngineLimits(lanes=lanes, streams=streams, idle_seconds=float("inf"), **memory)
