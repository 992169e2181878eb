"""What all calls of models share: which model at which commit, and how answers are sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine, Hashable
from contextlib import aclosing
from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError

from phub_jupyter.errors import (
    HubError,
    InvalidRequestError,
    OverloadedError,
    TimedOutError,
)
from phub_jupyter.frames import Media
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.folders import main_stamp
from phub_jupyter.hub.serving.calls import Call
from phub_jupyter.hub.serving.tally import Meter, outcome_of
from phub_server.base import HubHandler
from phub_server.known_models import KnownModel, key_of
from phub_server.networks import network_of
from phub_server.routing import NAMESPACE

__all__ = ["MODEL", "ModelHandler", "error_type"]

MODEL = rf"/models/{NAMESPACE}/(?P<name>[^/@]+)(?:@(?P<revision>[^/]+))?"
_DONE = b"data: [DONE]\n\n"


class ModelHandler(HubHandler):
    """A request to one model. A call never sees rights or a commit that are not those of now."""

    _work: asyncio.Task[None] | None = None
    _line: str | None = None
    _left = False

    async def model(self, namespace: str, name: str, revision: str | None) -> tuple[Repo, str]:
        """The model and the commit to run, if the caller may have its content."""
        if revision in (None, "main"):
            known = self.context.models.of(self.actor, namespace, name)
            if known is None:
                known = await self._look_up(namespace, name)
            self._repo, self._line = known.repo, "main"
            return known.repo, known.commit
        repo = await self.repo(Action.CONTENT, "models", namespace, name)
        commit = await self.run(lambda: self.hub.repositories.open(repo).resolve(revision))
        self._line = None if commit.startswith(revision) else revision
        return repo, commit

    async def _look_up(self, namespace: str, name: str) -> KnownModel:
        models, version = self.context.models, self.context.models.now()
        repo = await self.repo(Action.CONTENT, "models", namespace, name)
        path = self.hub.repositories.path(repo)
        stamp = main_stamp(path)
        commit = await self.run(lambda: self.hub.repositories.open(repo).resolve("main"))
        known = KnownModel(self.actor, repo, commit, path, stamp)
        models.put(key_of(self.actor, namespace, name), known, version)
        return known

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
            seconds = waits(self.request.headers)
            call = Call(task, body, self._caller(), seconds, meter, self.actor, self._line)
            if body.get("stream") is True:
                await self._send_events(serving.stream(repo, commit, call), meter, done)
            else:
                self._send_whole(await serving.infer(repo, commit, call))

    def _caller(self) -> Hashable:
        """Tells callers apart: by person, whatever their token, or else where they come from."""
        if self.actor.pk is not None:
            return ("person", self.actor.pk)
        return ("address", network_of(self.request.remote_ip))

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        if self._left:  # while the model was looked up
            work.close()
            self._auto_finish = False
            return
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
        try:
            async with asyncio.timeout(self.hub.serving.admission.limits.seconds):
                await self.flush()
        except TimeoutError:  # a caller who reads nothing must not keep others out
            self.detach().close()
            raise StreamClosedError from None


def waits(headers: HTTPHeaders) -> float | None:
    """How long the caller would wait, if they say so: ``Prefer: wait=20``."""
    for preference in headers.get("Prefer", "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "wait" and value.isascii() and value.isdecimal():
            return max(1.0, float(value[:6]))
    return None


def error_type(error: HubError) -> str:
    """What clients of text generation call a refusal."""
    if isinstance(error, OverloadedError | TimedOutError):
        return "overloaded"
    return "validation" if isinstance(error, InvalidRequestError) else "generation"
