"""Answers calls to models: finds the files, starts the worker, hands the call over."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from phub_jupyter.errors import NotSupportedError, OverloadedError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.serving.worker_process import WorkerProcess

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
        self._folder = cache / "inference"
        self._options = tuple(options)
        self._max_calls = max_calls
        self._patience = patience
        self._idle_seconds = idle_seconds
        self._worker: WorkerProcess | None = None
        self._starting = asyncio.Lock()
        self._checkouts: dict[tuple[str, str], asyncio.Task[Path]] = {}
        self._calls = 0
        self._idle_watch: asyncio.Task[None] | None = None

    async def infer(self, repo: Repo, commit: str, task: str, body: Mapping[str, Any]) -> Any:
        """The task's answer to a whole JSON body, in the shape of the public Inference API.

        It is JSON, or `Media`. Raises InvalidRequestError for bad inputs or an unusable model,
        OverloadedError when there is too much to do, NotSupportedError when the machine-learning
        libraries are missing.
        """
        async with self._call():
            folder = await self._checkout(repo, commit)
            return await self._ask("infer", folder=str(folder), task=task, body=body)

    async def stream(
        self, repo: Repo, commit: str, task: str, body: Mapping[str, Any]
    ) -> AsyncGenerator[Any]:
        """The events of an answer that is written bit by bit; leaving early stops the writing.

        Raises as `infer` does, and so before the first event if the call itself is wrong.
        """
        async with self._call():
            folder = await self._checkout(repo, commit)
            worker = await self._running_worker()
            fields = {"folder": str(folder), "task": task, "body": body}
            async with aclosing(worker.stream("infer", **fields)) as events:
                while True:
                    try:
                        yield await self._patiently(worker, anext(events))
                    except StopAsyncIteration:
                        return

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[None]:
        if not self._is_running:
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

    async def health(self) -> dict[str, Any]:
        """What runs now, without starting anything."""
        worker = self._worker
        if worker is None or not self._is_running:
            return {"running": False, "calls": self._calls, "models": []}
        answer = await asyncio.wait_for(worker.ask("health"), self._patience)
        return {"running": True, "pid": worker.pid, "calls": self._calls, **answer}

    async def stop(self) -> None:
        """End the worker. A later call starts it again."""
        if self._idle_watch is not None:
            self._idle_watch.cancel()
            self._idle_watch = None
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop()

    @property
    def _is_running(self) -> bool:
        return self._worker is not None and self._worker.is_running

    async def _ask(self, op: str, **fields: Any) -> Any:
        worker = await self._running_worker()
        return await self._patiently(worker, worker.ask(op, **fields))

    async def _patiently(self, worker: WorkerProcess, answer: Awaitable[Any]) -> Any:
        try:
            return await asyncio.wait_for(answer, self._patience)
        except TimeoutError:
            if self._worker is worker:
                self._worker = None
            await worker.stop()
            raise OverloadedError(
                f"The model gave no answer within {self._patience:g} seconds, so it was stopped; "
                "send less at a time.",
                retry_after=5,
            ) from None

    async def _running_worker(self) -> WorkerProcess:
        async with self._starting:
            if self._worker is None or not self._is_running:
                if self._worker is not None:
                    await self._worker.stop()
                self._worker = await WorkerProcess.start(self._folder, self._options)
            return self._worker

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
