"""Xet: the token routes of a repository, and what can be read from the store that they open.

What the store does not offer is a plain 404, which clients take as "do without"; any other refusal
would end their work. Addresses without a version, and those in the singular, are for clients of
2025.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial

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
from phub_jupyter.hub.objects.xet.reconstruction import Fetch
from phub_jupyter.hub.objects.xet.whole_files import WholeXorb
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, PATH, PLURAL, REVISION, Route

__all__ = ["CAS", "HASH", "ROUTES", "CasHandler", "StoreTokenHandler"]

_ACCESS = "xet"
_RANGE = "xet-range"
_LIFETIME = timedelta(hours=1)
# Clients never refresh a token that was refused, so one is good for a while after its end.
_LEEWAY = timedelta(minutes=15)
_PULL_REQUEST = re.compile(r"refs/pr/([1-9][0-9]{0,8})")
_MANY_RANGES = 1000


class StoreTokenHandler(HubHandler):
    """Gives a token for the store, as JSON for one half of the client and headers for the other."""

    def give_token(self, action: Action, repo: Repo) -> None:
        """Answer with a token for what the caller was found to be allowed."""
        token = self.hub.passes.issue(_ACCESS, Pass(self.actor, action, repo), _LIFETIME)
        address = f"{self.endpoint}/xet/{self.hub.cas.deployment_id}"
        expires = int(time.time() + _LIFETIME.total_seconds())
        self.set_header("X-Xet-Cas-Url", address)
        self.set_header("X-Xet-Access-Token", token)
        self.set_header("X-Xet-Token-Expiration", str(expires))
        self.set_header("Cache-Control", "no-store")
        self.reply({"casUrl": address, "accessToken": token, "exp": expires})


class XetTokenHandler(StoreTokenHandler):
    """A token for one repository at a revision."""

    async def get(self, plural: str, namespace: str, name: str, scope: str, revision: str) -> None:
        if scope == "write":
            action = self._needed(revision)
            repo = await self.repo(action, plural, namespace, name)
            if (match := _PULL_REQUEST.fullmatch(revision)) is not None:
                await self.run(
                    self.hub.community.pull_requests.require_push, self.actor, repo, int(match[1])
                )
        else:
            action = Action.CONTENT
            repo = await self.repo(action, plural, namespace, name)
            await self.run(self._require_revision, repo, revision)
        self.give_token(action, repo)

    def _needed(self, revision: str) -> Action:
        """What uploads need: less if they are to become part of a pull request."""
        proposes = revision == "None" or _PULL_REQUEST.fullmatch(revision) is not None
        return Action.PROPOSE if proposes or self.query_flag("create_pr") else Action.WRITE

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


class ChunkHandler(CasHandler):
    """Says what the hub has beside a chunk, so that a client with an empty cache sends little."""

    async def get(self, deployment: str, prefix: str, chunk: str) -> None:
        right = await self.open_access(Action.CONTENT)
        answer = await self.run(self.hub.cas.answer_chunk, right.actor, right.repo, chunk)
        if answer is None:
            raise NotFoundError("The hub has no file with this chunk that you may read.")
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Cache-Control", "no-store")
        self.finish(answer)


class ReconstructionHandler(CasHandler):
    """Says which parts of which xorbs make up a file, and where to get them."""

    async def head(self, deployment: str, file: str, version: str | None = None) -> None:
        """Answer with the file's size."""
        right = await self.open_access(Action.CONTENT)
        size = await self.run(self.hub.cas.size_of_file, right.repo.pk, file)
        self.set_header("Content-Length", str(size))
        self.finish()

    async def get(self, deployment: str, file: str, version: str | None = None) -> None:
        right = await self.open_access(Action.CONTENT)
        wanted = self.request.headers.get("Range")
        found = await self.run(self.hub.cas.reconstruction, right.repo.pk, file, wanted)

        def url_for(fetches: Sequence[Fetch]) -> str:
            xorb = fetches[0].xorb
            spans = [[fetch.first_byte, fetch.last_byte + 1] for fetch in fetches]
            source = found.whole.get(xorb)
            whole = source and [source.sha256, source.size, source.number]
            claims = {"xorb": xorb, "spans": spans, "whole": whole}
            ticket = Pass(right.actor, Action.CONTENT, right.repo, claims)
            text = self.hub.passes.issue(_RANGE, ticket, _LIFETIME)
            return f"{self.endpoint}/xet/{deployment}/ranges/{xorb}?auth={text}"

        self.reply(found.version_2(url_for) if version == "v2" else found.version_1(url_for))


class XorbRangeHandler(CasHandler):
    """Serves parts of a xorb to whoever holds the address of just those parts."""

    async def get(self, deployment: str, xorb: str) -> None:
        text = self.get_query_argument("auth", "")
        claims = (await self.run(self.hub.passes.open, _RANGE, text)).claims
        spans = claims["spans"]
        asked = self.request.headers.get("Range")
        wanted = ByteRange.parse_several(asked, max(stop for _, stop in spans))
        if not 0 < len(wanted) <= _MANY_RANGES:
            raise InvalidRequestError("Range: ask for ranges of bytes.")
        allowed = all(
            any(start <= part.start and part.stop <= stop for start, stop in spans)
            for part in wanted
        )
        if claims["xorb"] != xorb or not allowed:
            raise ForbiddenError("This address is for another part; ask for a new one.")
        whole = WholeXorb(*claims["whole"]) if claims["whole"] else None
        read = partial(self.hub.cas.read_xorb, xorb, whole=whole)
        self.set_status(206)
        if len(wanted) > 1:
            await self._send_several(read, wanted)
            return
        (part,) = wanted
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(len(part)))
        self.set_header("Content-Range", _content_range(part))
        await self.stream(read(part.start, part.stop))

    async def _send_several(
        self, read: Callable[[int, int], Iterator[bytes]], wanted: Sequence[ByteRange]
    ) -> None:
        boundary = secrets.token_hex(16)
        heads = [
            f"--{boundary}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Range: {_content_range(part)}\r\n\r\n".encode()
            for part in wanted
        ]
        end = f"--{boundary}--\r\n".encode()
        sizes = [len(head) + len(part) + 2 for head, part in zip(heads, wanted, strict=True)]
        self.set_header("Content-Type", f"multipart/byteranges; boundary={boundary}")
        self.set_header("Content-Length", str(sum(sizes) + len(end)))
        for head, part in zip(heads, wanted, strict=True):
            self.write(head)
            await self.stream(read(part.start, part.stop))
            self.write(b"\r\n")
        self.write(end)


def _content_range(part: ByteRange) -> str:
    return f"bytes {part.start}-{part.stop - 1}/*"


class TelemetryHandler(HubHandler):
    """Takes the client's measurements, which the hub has no use for."""

    async def identify(self) -> Actor:
        """Nobody in particular."""
        return ANONYMOUS

    async def post(self) -> None:
        self.reply({})


CAS = r"/xet/(?P<deployment>[^/]+)"
HASH = r"[0-9a-f]{64}"
_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/xet-(?P<scope>read|write)-token/{REVISION}", XetTokenHandler),
    Route(rf"{CAS}(?:/v1)?/chunks?/(?P<prefix>[^/]+)/(?P<chunk>{HASH})", ChunkHandler),
    Route(
        rf"{CAS}(?:/(?P<version>v1|v2))?/(?:reconstructions?|files)/(?P<file>{HASH})",
        ReconstructionHandler,
    ),
    Route(rf"{CAS}/ranges/(?P<xorb>{HASH})", XorbRangeHandler),
    Route(rf"/xet/{PATH}", CasHandler),
    Route(r"/v1/telemetry", TelemetryHandler),
)
