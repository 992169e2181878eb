"""Answers calls to models: lets them in, and hands them to whatever runs models."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from phub_jupyter.errors import NotSupportedError, TimedOutError
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.serving.calls import Admission, Call
from phub_jupyter.hub.serving.checkouts import Checkouts, ModelFolders
from phub_jupyter.hub.serving.limits import ServingLimits
from phub_jupyter.hub.serving.serve_gateway import ServeGateway
from phub_jupyter.hub.serving.worker_process import Errand, WorkerProcess
from phub_jupyter.hub.serving.workers import Workers

__all__ = ["Serving", "require_libraries"]

_END = object()


class Runner(Protocol):
    """Whatever runs the models that calls are for."""

    patience: float

    @property
    def running(self) -> WorkerProcess | None:
        """The process that takes calls, if there is one."""
        ...

    async def ask(self, errand: Errand) -> Any:
        """The answer to a call."""
        ...

    def stream(self, errand: Errand) -> AsyncGenerator[Any]:
        """The pieces of the answer to a call."""
        ...

    async def stop(self) -> None:
        """End the process."""
        ...


class Serving:
    """One worker process for all models of the hub, or a ``gateway`` to a cluster in its place.

    Either starts with the first call and is started again after it died. The worker ends when
    nobody has called for ``idle_seconds``; work of it that has not ended ``patience`` seconds after
    its call has is ended with the process. ``options`` go to the worker program.
    """

    def __init__(
        self,
        snapshots: ModelFolders,
        cache: Path,
        *,
        options: Sequence[str] = (),
        limits: ServingLimits | None = None,
        patience: float = 300,
        idle_seconds: float = 900,
        gateway: ServeGateway | None = None,
    ) -> None:
        self._checkouts = Checkouts(snapshots)
        self._gateway = gateway
        self._workers: Runner = gateway or Workers(cache / "inference", options, patience)
        self.admission = Admission(limits or ServingLimits())
        self._idle_seconds = idle_seconds
        self._idle_watch: asyncio.Task[None] | None = None

    async def infer(self, repo: Repo, commit: str, call: Call) -> Any:
        """The task's answer, in the shape of the public Inference API: JSON, or `Media`.

        Raises InvalidRequestError for bad inputs or an unusable model, OverloadedError when there
        is too much to do, TimedOutError, and NotSupportedError when the machine-learning libraries
        are missing.
        """
        async with self._admitted(repo, call), self._in_time(call):
            errand = await self._errand(repo, commit, call)
            return await self._workers.ask(errand)

    async def stream(self, repo: Repo, commit: str, call: Call) -> AsyncGenerator[Any]:
        """The events of an answer that is written bit by bit; leaving early stops the writing.

        Raises as `infer` does, and so before the first event if the call itself is wrong.
        """
        async with self._admitted(repo, call):
            async with self._in_time(call):
                errand = await self._errand(repo, commit, call)
            async with aclosing(self._workers.stream(errand)) as events:
                while True:
                    async with self._in_time(call):
                        event = await anext(events, _END)
                    if event is _END:
                        return
                    yield event

    @asynccontextmanager
    async def _admitted(self, repo: Repo, call: Call) -> AsyncIterator[None]:
        if self._workers.running is None:
            (self._gateway.require if self._gateway else require_libraries)()
        with self.admission.admitted(repo.uid, call.caller):
            try:
                yield
            finally:
                self._watch_idle()

    @asynccontextmanager
    async def _in_time(self, call: Call) -> AsyncIterator[None]:
        limit = float(self.admission.limits.seconds)
        seconds = limit if call.seconds is None else min(limit, call.seconds)
        timeout = asyncio.timeout(seconds)
        try:
            async with timeout:
                yield
        except TimeoutError:
            if not timeout.expired():  # something else was waited for in vain
                raise
            raise TimedOutError(
                f"The model gave no answer within {seconds:g} seconds, so the call was ended; "
                "send less at a time, or try again if the model was being loaded."
            ) from None

    async def _errand(self, repo: Repo, commit: str, call: Call) -> Errand:
        if self._gateway is not None:
            return self._gateway.errand(repo, commit, call)
        folder = str(await self._checkouts.folder(repo, commit))
        return Errand(folder, {"folder": folder, "task": call.task, "body": call.body}, call.meter)

    @property
    def is_running(self) -> bool:
        """Whether there is a worker."""
        return self._workers.running is not None

    async def health(self) -> dict[str, Any]:
        """What runs now, without starting anything."""
        worker = self._workers.running
        if worker is None:
            return {"running": False, "calls": self.admission.calls, "models": []}
        answer = await asyncio.wait_for(worker.ask("health"), self._workers.patience)
        return {"running": True, "pid": worker.pid, "calls": self.admission.calls, **answer}

    async def runs_as(self, repo: Repo, commit: str) -> dict[str, Any] | None:
        """How a model that is loaded runs: device, precision and the like; None if it is not."""
        folder, worker = self._checkouts.known(repo, commit), self._workers.running
        if folder is None or worker is None:
            return None
        answer = await asyncio.wait_for(worker.ask("health"), self._workers.patience)
        for model in answer["models"]:
            if model.get("folder") == str(folder):
                return {name: value for name, value in model.items() if name != "folder"}
        return None

    async def stop(self) -> None:
        """End the worker. A later call starts it again."""
        if self._idle_watch is not None:
            self._idle_watch.cancel()
            self._idle_watch = None
        await self._workers.stop()

    def _watch_idle(self) -> None:
        if self._gateway is not None:  # it has to end what is idle on the cluster
            return
        if self._idle_watch is not None:
            self._idle_watch.cancel()
        self._idle_watch = asyncio.create_task(self._stop_when_idle())

    async def _stop_when_idle(self) -> None:
        await asyncio.sleep(self._idle_seconds)
        if self.admission.calls == 0:
            self._idle_watch = None
            await self.stop()


def require_libraries() -> None:
    """Raise NotSupportedError unless this machine can run models; imports none of them."""
    missing = [name for name in ("torch", "transformers") if not importlib.util.find_spec(name)]
    if missing:
        raise NotSupportedError(
            f"This hub cannot run models, because {' and '.join(missing)} is not installed; "
            "install it with: pip install 'phub-jupyter[serve]'."
        )
