"""Xet: the token routes of a repository, and the store that those tokens open.

What the store does not offer (grants, chunk queries, shards of version 2) is a plain 404, which
clients take as "do without"; any other refusal would end their upload.
"""

from __future__ import annotations

import time
from datetime import timedelta

from tornado.web import RequestHandler

from phub_jupyter.errors import (
    AuthenticationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)
from phub_jupyter.hub.access import ANONYMOUS, Action, Actor
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.passes import Pass
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_jupyter.hub.objects.store import NewFile
from phub_jupyter.hub.objects.xet.reconstruction import Fetch
from phub_jupyter.hub.objects.xet.shard import LARGEST_SHARD
from phub_jupyter.hub.objects.xet.xorb import LARGEST_XORB
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, PATH, PLURAL, REVISION, Route
from phub_server.uploads import UploadHandler

__all__ = ["ROUTES"]

_ACCESS = "xet"
_RANGE = "xet-range"
_LIFETIME = timedelta(hours=1)
# Clients never refresh a token that was refused, so one is good for a while after its end.
_LEEWAY = timedelta(minutes=15)


class XetTokenHandler(HubHandler):
    """Gives a token for the store, as JSON for one half of the client and headers for the other."""

    async def get(self, plural: str, namespace: str, name: str, scope: str, revision: str) -> None:
        action = Action.WRITE if scope == "write" else Action.CONTENT
        repo = await self.repo(action, plural, namespace, name)
        if action is Action.CONTENT:
            await self.run(self._require_revision, repo, revision)
        token = self.hub.passes.issue(_ACCESS, Pass(self.actor, action, repo), _LIFETIME)
        address = f"{self.endpoint}/xet/{self.hub.cas.deployment_id}"
        expires = int(time.time() + _LIFETIME.total_seconds())
        self.set_header("X-Xet-Cas-Url", address)
        self.set_header("X-Xet-Access-Token", token)
        self.set_header("X-Xet-Token-Expiration", str(expires))
        self.set_header("Cache-Control", "no-store")
        self.reply({"casUrl": address, "accessToken": token, "exp": expires})

    def _require_revision(self, repo: Repo, revision: str) -> None:
        self.hub.repositories.open(repo).resolve(revision)


class CasHandler(HubHandler):
    """An address of the store, opened by a token of the store instead of one of the hub."""

    async def identify(self) -> Actor:
        """Leave it to `open_access`: a Xet token is no credential of the hub."""
        return ANONYMOUS

    async def open_access(self, action: Action) -> Pass:
        """Return the right that the request's Xet token stands for, if it covers ``action``."""
        if self.path_kwargs["deployment"] != self.hub.cas.deployment_id:
            raise NotFoundError("This store was replaced by another; ask for a new Xet token.")
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationError("Send the Xet token of a repository as Bearer.")
        right = await self.run(self.hub.passes.open, _ACCESS, token.strip(), _LEEWAY)
        if right.action < action:
            raise ForbiddenError("This Xet token is for reading; ask for a write token.")
        return right

    async def prepare_request(self) -> None:
        """Answer 404 where tornado would answer 405, at which clients give up."""
        method = getattr(self, (self.request.method or "").lower())
        if method.__func__ is RequestHandler._unimplemented_method:
            raise NotFoundError(f"{self.request.method} {self.request.path} is not offered here.")
        await super().prepare_request()


class XorbHandler(CasHandler, UploadHandler[NewFile]):
    """Takes in a xorb."""

    largest = LARGEST_XORB

    async def open_sink(self) -> NewFile:
        await self.open_access(Action.WRITE)
        return await self.run(self.hub.cas.new_body)

    async def post(self, deployment: str, prefix: str, xorb: str) -> None:
        body = await self.received()
        self.reply({"was_inserted": await self.run(self.hub.cas.put_xorb, xorb, body)})


class ShardHandler(CasHandler, UploadHandler[NewFile]):
    """Takes in a shard and with it registers files for the token's repository."""

    largest = LARGEST_SHARD
    _repo_pk: int

    async def open_sink(self) -> NewFile:
        self._repo_pk = (await self.open_access(Action.WRITE)).repo.pk
        return await self.run(self.hub.cas.new_body)

    async def post(self, deployment: str) -> None:
        body = await self.received()
        new = await self.run(self.hub.cas.put_shard, self._repo_pk, body)
        self.reply({"result": int(new)})


class ReconstructionHandler(CasHandler):
    """Says which parts of which xorbs make up a file, and where to get them."""

    async def get(self, deployment: str, file: str, version: str | None = None) -> None:
        right = await self.open_access(Action.CONTENT)
        wanted = self.request.headers.get("Range")
        found = await self.run(self.hub.cas.reconstruction, right.repo.pk, file, wanted)

        def url_for(fetch: Fetch) -> str:
            span = {"xorb": fetch.xorb, "first": fetch.first_byte, "last": fetch.last_byte}
            ticket = Pass(right.actor, Action.CONTENT, right.repo, span)
            text = self.hub.passes.issue(_RANGE, ticket, _LIFETIME)
            return f"{self.endpoint}/xet/{deployment}/ranges/{fetch.xorb}?auth={text}"

        self.reply(found.version_2(url_for) if version == "v2" else found.version_1(url_for))


class XorbRangeHandler(CasHandler):
    """Serves a part of a xorb to whoever holds the address of just that part."""

    async def get(self, deployment: str, xorb: str) -> None:
        text = self.get_query_argument("auth", "")
        claims = (await self.run(self.hub.passes.open, _RANGE, text)).claims
        behind = claims["last"] + 1
        wanted = ByteRange.parse(self.request.headers.get("Range"), behind)
        if wanted is None:
            raise InvalidRequestError("Range: ask for one range of bytes.")
        if claims["xorb"] != xorb or wanted.start < claims["first"]:
            raise ForbiddenError("This address is for another part; ask for a new one.")
        self.set_status(206)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(len(wanted)))
        self.set_header("Content-Range", f"bytes {wanted.start}-{wanted.stop - 1}/*")
        await self.stream(self.hub.cas.read_xorb(xorb, wanted.start, wanted.stop))


class TelemetryHandler(HubHandler):
    """Takes the client's measurements, which the hub has no use for."""

    async def identify(self) -> Actor:
        """Nobody in particular."""
        return ANONYMOUS

    async def post(self) -> None:
        self.reply({})


_CAS = r"/xet/(?P<deployment>[^/]+)"
_HASH = r"[0-9a-f]{64}"
_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/xet-(?P<scope>read|write)-token/{REVISION}", XetTokenHandler),
    Route(rf"{_CAS}/v1/xorbs/(?P<prefix>[^/]+)/(?P<xorb>{_HASH})", XorbHandler),
    Route(rf"{_CAS}(?:/v1)?/shards", ShardHandler),
    # Without version and plural: clients of 2025, which still download.
    Route(
        rf"{_CAS}(?:/(?P<version>v1|v2))?/reconstructions?/(?P<file>{_HASH})",
        ReconstructionHandler,
    ),
    Route(rf"{_CAS}/ranges/(?P<xorb>{_HASH})", XorbRangeHandler),
    Route(rf"/xet/{PATH}", CasHandler),
    Route(r"/v1/telemetry", TelemetryHandler),
)
