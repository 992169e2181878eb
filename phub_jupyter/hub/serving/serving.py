"""Answers calls to models: finds the files, starts the worker, hands the call over."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from phub_jupyter.errors import NotSupportedError, OverloadedError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.serving.tally import Meter
from phub_jupyter.hub.serving.workers import Workers

__all__ = ["ModelFolders", "Serving", "require_libraries"]

_CHECKOUTS = 64


class ModelFolders(Protocol):
    """Where a commit's files lie as plain files (the snapshots)."""

    def folder(self, repo: Repo, commit: str) -> Path:
        """A complete checkout of that commit; blocks."""
        ...


class Serving:
    """One worker process for all models of the hub.

    It starts with the first call, is started again after it died, and ends when nobody has called
    for ``idle_seconds``. At most ``max_calls`` calls are under way at a time, and none longer than
    ``patience`` seconds; ``options`` go to the worker program.
    """

    def __init__(
        self,
        snapshots: ModelFolders,
        cache: Path,
        *,
        options: Sequence[str] = (),
        max_calls: int = 256,
        patience: float = 300,
        idle_seconds: float = 900,
    ) -> None:
        self._snapshots = snapshots
        self._workers = Workers(cache / "inference", options, patience)
        self._max_calls = max_calls
        self._idle_seconds = idle_seconds
        self._checkouts: dict[tuple[str, str], asyncio.Task[Path]] = {}
        self._calls = 0
        self._idle_watch: asyncio.Task[None] | None = None

    async def infer(
        self,
        repo: Repo,
        commit: str,
        task: str,
        body: Mapping[str, Any],
        meter: Meter | None = None,
    ) -> Any:
        """The task's answer to a whole JSON body, in the shape of the public Inference API.

        What it takes is noted in the ``meter``.

        It is JSON, or `Media`. Raises InvalidRequestError for bad inputs or an unusable model,
        OverloadedError when there is too much to do, NotSupportedError when the machine-learning
        libraries are missing.
        """
        async with self._call():
            folder = str(await self._checkout(repo, commit))
            return await self._workers.ask(folder, meter=meter, folder=folder, task=task, body=body)

    async def stream(
        self,
        repo: Repo,
        commit: str,
        task: str,
        body: Mapping[str, Any],
        meter: Meter | None = None,
    ) -> AsyncGenerator[Any]:
        """The events of an answer that is written bit by bit; leaving early stops the writing.

        Raises as `infer` does, and so before the first event if the call itself is wrong.
        """
        async with self._call():
            folder = str(await self._checkout(repo, commit))
            events = self._workers.stream(folder, meter=meter, folder=folder, task=task, body=body)
            async with aclosing(events):
                async for event in events:
                    yield event

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[None]:
        if self._workers.running is None:
            require_libraries()
        if self._calls >= self._max_calls:
            raise OverloadedError(
                f"The hub is answering {self._calls} calls to models already; try again later.",
                retry_after=2,
            )
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            self._watch_idle()

    @property
    def is_running(self) -> bool:
        """Whether there is a worker."""
        return self._workers.running is not None

    async def health(self) -> dict[str, Any]:
        """What runs now, without starting anything."""
        worker = self._workers.running
        if worker is None:
            return {"running": False, "calls": self._calls, "models": []}
        answer = await asyncio.wait_for(worker.ask("health"), self._workers.patience)
        return {"running": True, "pid": worker.pid, "calls": self._calls, **answer}

    async def stop(self) -> None:
        """End the worker. A later call starts it again."""
        if self._idle_watch is not None:
            self._idle_watch.cancel()
            self._idle_watch = None
        await self._workers.stop()

    async def _checkout(self, repo: Repo, commit: str) -> Path:
        # Many first calls at once share one checkout, and later ones need no thread for it.
        key = (repo.uid, commit)
        task = self._checkouts.get(key)
        if task is None or _is_stale(task):
            task = asyncio.create_task(asyncio.to_thread(self._snapshots.folder, repo, commit))
            self._checkouts[key] = task
            while len(self._checkouts) > _CHECKOUTS:
                del self._checkouts[next(iter(self._checkouts))]
        return await asyncio.shield(task)

    def _watch_idle(self) -> None:
        if self._idle_watch is not None:
            self._idle_watch.cancel()
        self._idle_watch = asyncio.create_task(self._stop_when_idle())

    async def _stop_when_idle(self) -> None:
        await asyncio.sleep(self._idle_seconds)
        if self._calls == 0:
            self._idle_watch = None
            await self.stop()


def _is_stale(checkout: asyncio.Task[Path]) -> bool:
    if not checkout.done():
        return False
    failed = checkout.cancelled() or checkout.exception() is not None
    return failed or not checkout.result().is_dir()


def require_libraries() -> None:
    """Raise NotSupportedError unless this machine can run models; imports none of them."""
    missing = [name for name in ("torch", "transformers") if not importlib.util.find_spec(name)]
    if missing:
        raise NotSupportedError(
            f"This hub cannot run models, because {' and '.join(missing)} is not installed; "
            "install it with: pip install 'phub-jupyter[serve]'."
        )
