"""What the Xet store takes in: xorbs, and the shards that make files of them."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

from tornado.iostream import StreamClosedError

from phub_jupyter.errors import HubError, NotFoundError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.objects.passes import Pass
from phub_jupyter.hub.objects.store import NewFile
from phub_jupyter.hub.objects.xet.shard import LARGEST_SHARD
from phub_jupyter.hub.objects.xet.xorb import LARGEST_XORB
from phub_server.handlers.xet import CAS, HASH, CasHandler
from phub_server.routing import Route
from phub_server.uploads import UploadHandler

__all__ = ["ROUTES"]

_LOG = logging.getLogger("phub")
_HEARTBEAT = 10.0
"""Seconds after which a client hears that its shard is being worked on."""


class KnownXorbHandler(CasHandler):
    """Knows whether a xorb need not be sent, and does not tell of xorbs of others' files."""

    async def size(self, action: Action, xorb: str) -> int:
        """The size of a xorb that the token's owner may know of. Raises NotFoundError."""
        right = await self.open_access(action)
        size = await self.run(self.hub.cas.size_of_xorb, right.actor, right.repo, xorb)
        if size is None:
            raise NotFoundError("The hub does not know this xorb; send it.")
        return size


class XorbHandler(KnownXorbHandler, UploadHandler[NewFile]):
    """Takes in a xorb."""

    largest = LARGEST_XORB
    _right: Pass

    async def prepare_request(self) -> None:
        """Expect a body only where one comes."""
        if self.request.method != "HEAD":
            await super().prepare_request()

    async def open_sink(self) -> NewFile:
        self._right = await self.open_access(Action.PROPOSE)
        return await self.run(self.hub.cas.new_body)

    async def head(self, deployment: str, prefix: str, xorb: str) -> None:
        """Answer with the xorb's size."""
        self.set_header("Content-Length", str(await self.size(Action.CONTENT, xorb)))
        await self.finish()

    async def post(self, deployment: str, prefix: str, xorb: str) -> None:
        body = await self.received()
        new = await self.run(self.hub.cas.put_xorb, self._right.repo.pk, xorb, body)
        self.reply({"was_inserted": new})


class GrantHandler(KnownXorbHandler):
    """Asked where to send a xorb: nowhere if it is there; otherwise 404, and it comes here."""

    async def post(self, deployment: str, prefix: str, xorb: str) -> None:
        await self.size(Action.PROPOSE, xorb)
        self.reply({})


class ShardHandler(CasHandler, UploadHandler[NewFile]):
    """Takes in a shard and with it registers files for the token's repository."""

    largest = LARGEST_SHARD
    _repo_pk: int
    _verified = (0, 0)

    async def open_sink(self) -> NewFile:
        self._repo_pk = (await self.open_access(Action.PROPOSE)).repo.pk
        return await self.run(self.hub.cas.new_body)

    async def post(self, deployment: str, **old_place: str) -> None:
        self.reply({"result": await self._register(await self.received())})

    async def _register(self, body: NewFile) -> int:
        return int(await self.run(self.hub.cas.put_shard, self._repo_pk, body, self._note))

    def _note(self, verified: int, total: int) -> None:
        self._verified = (verified, total)


class StreamedShardHandler(ShardHandler):
    """The same, telling on the way how far it is; what fails at once is refused as always."""

    async def post(self, deployment: str, **old_place: str) -> None:
        work = asyncio.ensure_future(self._register(await self.received()))
        await asyncio.wait([work], timeout=_HEARTBEAT)
        if work.done():
            work.result()
        self.set_header("Content-Type", "application/x-ndjson")
        with suppress(StreamClosedError):  # whoever left asks again, and finds the files
            while not work.done():
                await self._tell_progress()
                await asyncio.wait([work], timeout=_HEARTBEAT)
        await self._tell_end(work)

    async def _tell_progress(self) -> None:
        verified, total = self._verified
        self._line({"type": "validating", "verified": verified, "total": total})
        if total and verified == total:
            self._line({"type": "committing", "stage": "syncing"})
        await self.flush()

    async def _tell_end(self, work: asyncio.Future[int]) -> None:
        try:
            result = await work
        except HubError as error:
            retryable = error.status >= 500
            self._line({"type": "error", "message": error.message, "retryable": retryable})
        except Exception:
            _LOG.exception("A shard could not be registered.")
            message = "The hub made a mistake; its log says more."
            self._line({"type": "error", "message": message, "retryable": True})
        else:
            await self._tell_progress()
            self._line({"type": "result", "result": result})
        await self.finish()

    def _line(self, line: dict[str, Any]) -> None:
        self.write(json.dumps(line, separators=(",", ":")) + "\n")


_PLACE = rf"(?P<prefix>[^/]+)/(?P<xorb>{HASH})"

ROUTES: tuple[Route, ...] = (
    Route(rf"{CAS}(?:/v1)?/xorbs?/{_PLACE}", XorbHandler),
    Route(rf"{CAS}/v1/xorb-grants/{_PLACE}", GrantHandler),
    Route(rf"{CAS}/v2/shards", StreamedShardHandler),
    Route(rf"{CAS}(?:/v1)?/shards", ShardHandler),
    Route(rf"{CAS}/shard/(?P<prefix>[^/]+)/(?P<shard>{HASH})", ShardHandler),
)
