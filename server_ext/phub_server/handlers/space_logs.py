"""What a Space printed, as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json

from tornado.iostream import StreamClosedError

from phub_jupyter.hub.access import Action
from phub_jupyter.hub.spaces.state import Stage
from phub_server.handlers.spaces import SpaceHandler
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES"]

_LIVELY = (Stage.RUNNING, Stage.APP_STARTING)
_KEEP_ALIVE_AFTER = 30  # seconds; clients that only want what is there leave after a few quiet ones


class LogHandler(SpaceHandler):
    """What the app printed, as events, and what it prints from now on while it runs."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.space(Action.WRITE, namespace, name)
        log = await self.run(self.hub.spaces.log, repo)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        seen, quiet = 0, 0
        with contextlib.suppress(StreamClosedError):
            while True:
                ends = self.hub.spaces.state(repo).stage not in _LIVELY
                lines, seen = await self.run(log.read, seen)
                for line in lines:
                    event = {"data": f"{line.text}\n", "timestamp": line.time}
                    self.write(f"data: {json.dumps(event)}\n\n")
                quiet = 0 if lines else quiet + 1
                if quiet == _KEEP_ALIVE_AFTER:
                    quiet = 0
                    self.write(": keep-alive\n\n")
                await self.flush()
                if ends:
                    return
                await asyncio.sleep(1)


class BuildLogHandler(SpaceHandler):
    """The log of building a Space, which has no lines: an app starts from its files as they are."""

    async def get(self, namespace: str, name: str) -> None:
        await self.space(Action.WRITE, namespace, name)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.finish(": nothing is built\n\n")


_LOGS = rf"/api/spaces/{NAMESPACE}/{NAME}/logs"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_LOGS}/run", LogHandler),
    Route(rf"{_LOGS}/build", BuildLogHandler),
)
