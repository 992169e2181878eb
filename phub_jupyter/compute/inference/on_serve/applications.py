"""Which revisions run on the cluster: begun when called, ended when nobody does."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from phub_jupyter.compute.inference.on_serve.cluster import Cluster
from phub_jupyter.compute.inference.on_serve.orders import Order, Revision
from phub_jupyter.errors import OverloadedError
from phub_jupyter.serve_settings import ServeSettings

__all__ = ["Application", "Applications"]

_LOG = logging.getLogger("phub.gateway")
_LOOK_EVERY = 0.25
_START_SECONDS = 100.0  # until callers hear why it takes so long
_LINGER = 5.0  # seconds without calls until an old revision ends
_ROOM_SECONDS = 5.0  # between two that end for one that finds no room
_NO_ROOM = "to be scheduled"  # what Serve says of replicas that wait for room
_PASS_SECONDS = 60.0  # passes on the board are not older, as long as there are calls


@dataclass(slots=True)
class Application:
    """A revision on the cluster. ``ready`` gives what calls go through, once there is a replica."""

    name: str
    ready: asyncio.Task[Any]
    calls: int = 0
    used_at: float = field(default_factory=time.monotonic)
    superseded: bool = False
    ended: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether calls would be answered at once."""
        return not self.ended and self.is_decided and self.ready.exception() is None

    @property
    def is_decided(self) -> bool:
        """Whether it is known to run, or why it does not."""
        return self.ready.done() and not self.ready.cancelled()

    @contextmanager
    def called(self) -> Iterator[None]:
        """The time of one call."""
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1
            self.used_at = time.monotonic()

    def is_idle(self, seconds: float) -> bool:
        """Whether nobody has called for so long."""
        return self.calls == 0 and time.monotonic() - self.used_at > seconds


class Applications:
    """All of this hub's. Those that an earlier gateway has left are used again."""

    def __init__(self, cluster: Cluster, settings: ServeSettings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._by_revision: dict[Revision, Application] = {}
        self._posted: dict[str, float] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._strays: dict[str, float] = {}

    async def adopt(self) -> None:
        """Look what there is: what nobody calls, or is from other settings, is ended."""
        for name in await asyncio.to_thread(self._cluster.status):
            stays = self._cluster.is_current(name)
            self._strays[name] = time.monotonic() if stays else -math.inf

    def get(self, order: Order, before: Application | None = None) -> Application:
        """The application for a call, begun if there is none.

        It gets as many replicas as the one ``before`` it on the same branch has.
        """
        revision = order.revision
        found = self._by_revision.get(revision)
        if found is not None and found.is_decided and found.ready.exception() is not None:
            found = None  # the next call tries again
        if found is None:
            name = self._cluster.name(revision)
            self._strays.pop(name, None)
            self._posted[revision.repo] = time.monotonic()
            ready = asyncio.create_task(self._begin(name, order, before))
            found = self._by_revision[revision] = Application(name, ready)
        elif time.monotonic() - self._posted.get(revision.repo, 0.0) > _PASS_SECONDS:
            self._posted[revision.repo] = time.monotonic()
            self._do(self._cluster.post, revision, order.ticket)
        return found

    async def look_after(self, lost: Application) -> None:
        """Forget an application that failed a call if others have ended it."""
        there = await asyncio.to_thread(self._cluster.status)
        if lost.name in there and there[lost.name].status != "DELETING":
            return  # only a replica was lost, and Serve sees to it
        for revision, application in list(self._by_revision.items()):
            if application is lost:
                lost.ended = True
                del self._by_revision[revision]

    def tick(self) -> None:
        """End what nobody needs."""
        idle = math.inf if self._settings.min_replicas else self._settings.idle_seconds
        for revision, application in list(self._by_revision.items()):
            limit = _LINGER if application.superseded else idle
            if application.is_idle(limit):
                self._drop(revision)
        limit = time.monotonic() - self._settings.idle_seconds
        for name in [name for name, since in self._strays.items() if since < limit]:
            self._end(name)

    def describe(self) -> list[dict[str, Any]]:
        """What runs, for a person who looks at the hub's health."""
        return [
            {"commit": revision.commit, "ready": it.is_ready, "calls": it.calls}
            for revision, it in self._by_revision.items()
        ]

    async def _begin(self, name: str, order: Order, before: Application | None) -> Any:
        cluster = self._cluster
        await asyncio.to_thread(cluster.post, order.revision, order.ticket)
        there = await self._status_after_end(name)
        if name not in there or there[name].status not in ("RUNNING", "DEPLOYING"):
            replicas = 1 if before is None else _running(there.get(before.name))
            if not await asyncio.to_thread(cluster.has_room):
                self._make_room(there)
            await asyncio.to_thread(cluster.deploy, order.revision, order.task, replicas)
        await self._await_running(name)
        return await asyncio.to_thread(cluster.handle, name)

    async def _status_after_end(self, name: str) -> dict[str, Any]:
        """What there is, once an earlier life of the application is over."""
        if name in self._ending:
            await self._ending[name]
        while True:
            there = await asyncio.to_thread(self._cluster.status)
            if name not in there or there[name].status != "DELETING":
                return there
            await asyncio.sleep(_LOOK_EVERY)

    async def _await_running(self, name: str) -> None:
        deadline = time.monotonic() + _START_SECONDS
        room_at = 0.0
        while True:
            there = await asyncio.to_thread(self._cluster.status)
            status = there.get(name)
            if status is not None and status.status == "RUNNING":
                return
            said = _message(status)
            if _NO_ROOM in said and time.monotonic() > room_at:
                self._make_room(there)
                room_at = time.monotonic() + _ROOM_SECONDS
            if status is not None and status.status == "DEPLOY_FAILED":
                await asyncio.to_thread(self._cluster.delete, name)
                raise OverloadedError(
                    f"The model did not start on the cluster: {said}", retry_after=30
                )
            if time.monotonic() > deadline:
                raise OverloadedError(
                    f"The model has not started on the cluster within {_START_SECONDS:g} seconds; "
                    f"it may have no room for one more: {said or 'Ray gives no reason'}",
                    retry_after=30,
                )
            await asyncio.sleep(_LOOK_EVERY)

    def _make_room(self, there: dict[str, Any]) -> None:
        """End what has replicas and was not called for the longest time, if it may end."""
        strays = [name for name in self._strays if _running(there.get(name))]
        if strays:
            self._end(strays[0])
            return
        idle = [
            (it.used_at, revision)
            for revision, it in self._by_revision.items()
            if it.is_idle(_LINGER) and _running(there.get(it.name))
        ]
        if idle and not self._settings.min_replicas:
            self._drop(min(idle, key=lambda pair: pair[0])[1])

    def _drop(self, revision: Revision) -> None:
        application = self._by_revision.pop(revision)
        application.ended = True
        application.ready.cancel()
        self._end(application.name)

    def _end(self, name: str) -> None:
        self._strays.pop(name, None)
        self._ending[name] = task = self._do(self._cluster.delete, name)
        task.add_done_callback(lambda _: self._ending.pop(name, None))

    def _do(self, function: Any, *arguments: Any) -> asyncio.Task[None]:
        async def errand() -> None:
            try:
                await asyncio.to_thread(function, *arguments)
            except Exception:  # nobody waits for it, and the cluster may be gone
                _LOG.warning("%s failed", function.__name__, exc_info=True)

        task = asyncio.create_task(errand())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task


def _running(status: Any) -> int:
    states = [] if status is None else [it.replica_states for it in status.deployments.values()]
    return sum(number for state in states for name, number in state.items() if name == "RUNNING")


def _message(status: Any) -> str:
    if status is None:
        return ""
    said = [status.message, *(it.message for it in status.deployments.values())]
    return next((text.strip().splitlines()[-1] for text in said if text.strip()), "")
