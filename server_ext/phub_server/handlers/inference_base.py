"""What all calls of models share: which model at which commit, and how answers are sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any

from tornado.iostream import StreamClosedError

from phub_jupyter.errors import (
    HubError,
    InvalidRequestError,
    OverloadedError,
)
from phub_jupyter.frames import Media
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.serving.tally import Meter, outcome_of
from phub_server.base import HubHandler
from phub_server.routing import NAMESPACE

__all__ = ["MODEL", "ModelHandler", "error_type"]

MODEL = rf"/models/{NAMESPACE}/(?P<name>[^/@]+)(?:@(?P<revision>[^/]+))?"
_DONE = b"data: [DONE]\n\n"


class ModelHandler(HubHandler):
    """A request to one model. Access and commit are looked up anew for every call."""

    _work: asyncio.Task[None] | None = None
    _left = False

    async def model(self, namespace: str, name: str, revision: str | None) -> tuple[Repo, str]:
        """The model and the commit to run, if the caller may have its content."""
        repo = await self.repo(Action.CONTENT, "models", namespace, name)
        commit = await self.run(
            lambda: self.hub.repositories.open(repo).resolve(revision or "main")
        )
        return repo, commit

    async def answer(
        self, repo: Repo, commit: str, task: str, body: dict[str, Any], *, done: bool = False
    ) -> None:
        """Run the model and send what it says; a caller who leaves stops it.

        ``done`` adds the mark that some clients expect at the end of a stream.
        """
        await self._watched(self._measured(repo, commit, task, body, done))

    async def _measured(
        self, repo: Repo, commit: str, task: str, body: dict[str, Any], done: bool
    ) -> None:
        serving = self.hub.serving
        with self.hub.usage.call(repo, task, self.actor) as meter:
            if body.get("stream") is True:
                await self._send_events(
                    serving.stream(repo, commit, task, body, meter), meter, done
                )
            else:
                self._send_whole(await serving.infer(repo, commit, task, body, meter))

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = asyncio.ensure_future(work)
        try:
            await self._work
        except asyncio.CancelledError:
            if not self._left:
                raise
            self._auto_finish = False  # there is nobody to send an end to
        except StreamClosedError:
            self._auto_finish = False

    def on_connection_close(self) -> None:
        """Stop the model: nobody waits for its answer."""
        self._left = True
        if self._work is not None:
            self._work.cancel()

    def _send_whole(self, answer: Any) -> None:
        if isinstance(answer, Media):
            self.set_header("Content-Type", answer.content_type)
            self.finish(answer.data)
        else:
            self.reply(answer)

    async def _send_events(self, events: AsyncGenerator[Any], meter: Meter, done: bool) -> None:
        async with aclosing(events):
            first = await anext(events, None)  # a refusal still has a status of its own
            self.set_header("Content-Type", "text/event-stream; charset=utf-8")
            self.set_header("Cache-Control", "no-cache")
            self.set_header("X-Accel-Buffering", "no")
            try:
                if first is not None:
                    await self._send_event(first)
                async for event in events:
                    await self._send_event(event)
                if done:
                    self.write(_DONE)
            except StreamClosedError:
                meter.outcome = "abandoned"
                raise
            except HubError as error:
                meter.outcome = outcome_of(error)
                await self._send_event({"error": error.message, "error_type": error_type(error)})
        self.finish()

    async def _send_event(self, event: Any) -> None:
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        self.write(b"data: " + text.encode("utf-8", "replace") + b"\n\n")
        await self.flush()


def error_type(error: HubError) -> str:
    """What clients of text generation call a refusal."""
    if isinstance(error, OverloadedError):
        return "overloaded"
    return "validation" if isinstance(error, InvalidRequestError) else "generation"
