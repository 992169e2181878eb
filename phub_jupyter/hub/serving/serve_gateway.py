"""Models on a Ray cluster: the gateway process over the hub's life, and what it is told.

The hub itself never loads Ray. It decides who may call what, and hands the call to a small process
that has joined the cluster; replicas get the files from the hub with a pass of the caller.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

from phub_jupyter.errors import NotSupportedError, OverloadedError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.passes import Pass, Passes
from phub_jupyter.hub.serving.calls import Call
from phub_jupyter.hub.serving.worker_process import Errand, WorkerLostError, WorkerProcess
from phub_jupyter.serve_settings import ServeSettings

__all__ = ["PURPOSE", "ServeGateway"]

PURPOSE = "serving"
"""What a pass is for that a replica fetches a model's files with."""

_PROGRAM = "phub_jupyter.compute.inference.on_serve.gateway"
_LIFETIME = timedelta(minutes=10)
_TRIES = 2  # a gateway that has lost its cluster ends; the next one says why


class ServeGateway:
    """One gateway at a time, started when needed and again after it has ended."""

    patience = 30.0
    """Seconds in which the gateway says how it is."""

    def __init__(self, folder: Path, settings: ServeSettings, passes: Passes) -> None:
        self._folder = folder
        self._settings = settings
        self._passes = passes
        self._process: WorkerProcess | None = None
        self._starting = asyncio.Lock()

    @property
    def running(self) -> WorkerProcess | None:
        """The gateway, if there is one."""
        process = self._process
        return process if process is not None and process.is_running else None

    def require(self) -> None:
        """Raise NotSupportedError unless this machine can join a cluster."""
        if not importlib.util.find_spec("ray"):
            raise NotSupportedError(
                "PHUB_SERVE_ADDRESS is set, but ray is not installed here; install it with: "
                "pip install 'phub-jupyter[ray]'."
            )

    def errand(self, repo: Repo, commit: str, call: Call) -> Errand:
        """A call as the gateway gets it."""
        right = Pass(call.actor, Action.CONTENT, repo)
        fields = {
            "task": call.task,
            "body": call.body,
            "repo": repo.uid,
            "commit": commit,
            "line": call.line,
            "pass": self._passes.issue(PURPOSE, right, _LIFETIME),
        }
        return Errand(f"{repo.uid}/{commit}", fields, call.meter)

    async def ask(self, errand: Errand) -> Any:
        """The answer to a call. Raises what the cluster says, or OverloadedError without it."""
        for _ in range(_TRIES):
            process = await self._running_process()
            try:
                return await process.ask("infer", errand)
            except WorkerLostError:
                continue
        raise self._lost()

    async def stream(self, errand: Errand) -> AsyncGenerator[Any]:
        """The pieces of the answer to a call; leaving early stops it. Raises as `ask` does."""
        for _ in range(_TRIES):
            begun = False
            process = await self._running_process()
            try:
                async with aclosing(process.stream("infer", errand)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except WorkerLostError:
                if begun:
                    break
        raise self._lost()

    async def stop(self) -> None:
        """End the gateway. What runs on the cluster stays there for the next one."""
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    async def _running_process(self) -> WorkerProcess:
        async with self._starting:
            if self._process is None or not self._process.is_running:
                if self._process is not None:
                    await self._process.stop()
                self._process = await WorkerProcess.start(
                    self._folder,
                    ["--settings", self._settings.to_json()],
                    program=_PROGRAM,
                    environment=_ray_environment(),
                )
            return self._process

    def _lost(self) -> OverloadedError:
        return OverloadedError(
            f"The connection to the Ray cluster at {self._settings.address}, where this hub runs "
            "models, was lost in the middle of the call; try again.",
            retry_after=5,
        )


def _ray_environment() -> dict[str, str]:
    """What Ray needs to know of this machine, its token for the cluster among it."""
    found = {name: value for name, value in os.environ.items() if name.startswith("RAY_")}
    token = Path.home() / ".ray" / "auth_token"  # where Ray looks, but the gateway's home differs
    if not any(name.startswith("RAY_AUTH_TOKEN") for name in found) and token.is_file():
        found["RAY_AUTH_TOKEN_PATH"] = str(token)
    return {"RAY_USAGE_STATS_ENABLED": "0", **found}
