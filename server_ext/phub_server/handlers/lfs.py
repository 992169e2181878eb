"""git-lfs: whole files in and out, by addresses that carry their own proof."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from phub_jupyter.errors import (
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotSupportedError,
)
from phub_jupyter.hub.access import ANONYMOUS, Action, Actor
from phub_jupyter.hub.objects.large_files import LargeFile, Upload
from phub_jupyter.hub.objects.passes import Pass
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, WEB_PREFIX, Route
from phub_server.uploads import UploadHandler

__all__ = ["ROUTES"]

_MEDIA_TYPE = "application/vnd.git-lfs+json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LIFETIME = timedelta(hours=6)  # the files of one batch are moved one after the other
_UPLOAD = "lfs-upload"
_DOWNLOAD = "lfs-download"
_MOST_OBJECTS = 1000


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a client calls a large file by."""

    oid: str
    size: int

    @classmethod
    def parse(cls, body: Any) -> Pointer:
        """Read ``{"oid", "size"}``. Raises InvalidRequestError."""
        fields = body if isinstance(body, dict) else {}
        oid, size = fields.get("oid"), fields.get("size")
        if not isinstance(oid, str) or not _SHA256.fullmatch(oid):
            raise InvalidRequestError("oid: send the SHA-256 as 64 lower-case hex digits.")
        if type(size) is not int or size < 0:
            raise InvalidRequestError("size: send the number of bytes.")
        return cls(oid, size)


class LfsHandler(HubHandler):
    """Answers in the media type of git-lfs, with the headers that make git ask for a password."""

    def reply(self, body: Any, status: int = 200) -> None:
        """Answer with JSON; git-lfs shows ``message`` to the person."""
        if status == 401:
            self.set_header("LFS-Authenticate", 'Basic realm="Private Hub"')
            self.set_header("WWW-Authenticate", 'Basic realm="Private Hub"')
        if "error" in body:
            body = {"message": body["error"], **body}
        self.set_status(status)
        self.set_header("Content-Type", _MEDIA_TYPE)
        self.finish(json.dumps(body))


class BatchHandler(LfsHandler):
    """Tells a client where to put or get each of its files."""

    async def post(self, plural: str | None, namespace: str, name: str) -> None:
        body = self.json_body()
        action = _action(body.get("operation"))
        repo = await self.repo(action, plural, namespace, name)
        if body.get("hash_algo", "sha256") != "sha256":
            raise InvalidRequestError("hash_algo: this hub knows sha256 only.")
        wanted = _pointers(body.get("objects"))
        known = await self.run(
            self.hub.large_files.find, repo.pk, [pointer.oid for pointer in wanted]
        )
        prefix = f"{plural}/" if plural else ""
        self._base = f"{self.endpoint}/{prefix}{repo.namespace}/{repo.name}.git/info/lfs/objects"
        answer = self._upload if action is Action.WRITE else self._download
        right = Pass(self.actor, action, repo)
        objects = [answer(right, pointer, known.get(pointer.oid)) for pointer in wanted]
        self.reply({"transfer": "basic", "objects": objects, "hash_algo": "sha256"})

    def _upload(self, right: Pass, pointer: Pointer, known: LargeFile | None) -> dict[str, Any]:
        answer: dict[str, Any] = {"oid": pointer.oid, "size": pointer.size}
        if known is None:
            ticket = self._ticket(_UPLOAD, right, pointer)
            actions = {
                "upload": _link(f"{self._base}/{pointer.oid}?auth={ticket}"),
                "verify": _link(f"{self._base}/verify?auth={ticket}"),
            }
            return {**answer, "authenticated": True, "actions": actions}
        if known.size != pointer.size:
            message = f"The file with this SHA-256 has {known.size} bytes, not {pointer.size}."
            return {**answer, "error": {"code": 422, "message": message}}
        return answer

    def _download(self, right: Pass, pointer: Pointer, known: LargeFile | None) -> dict[str, Any]:
        if known is None or known.size != pointer.size:
            message = "The repository has no such file; whoever committed it has not uploaded it."
            error = {"code": 404, "message": message}
            return {"oid": pointer.oid, "size": pointer.size, "error": error}
        ticket = self._ticket(_DOWNLOAD, right, pointer)
        return {
            "oid": pointer.oid,
            "size": pointer.size,
            "authenticated": True,
            "actions": {"download": _link(f"{self._base}/{pointer.oid}?auth={ticket}")},
        }

    def _ticket(self, purpose: str, right: Pass, pointer: Pointer) -> str:
        claims = {"oid": pointer.oid, "size": pointer.size}
        right = Pass(right.actor, right.action, right.repo, claims)
        return self.hub.passes.issue(purpose, right, _LIFETIME)


class PassHandler(LfsHandler):
    """An address that carries its proof as ``?auth=``, so it needs no other credentials."""

    async def identify(self) -> Actor:
        """Leave it to `open_pass`; clients send all sorts of credentials along, or none."""
        return ANONYMOUS

    async def open_pass(self, purpose: str) -> tuple[Pass, Pointer]:
        """Return the right that the address stands for, and for which file it is."""
        text = self.get_query_argument("auth", "")
        right = await self.run(self.hub.passes.open, purpose, text)
        pointer = Pointer(**right.claims)
        if self.path_kwargs.get("oid", pointer.oid) != pointer.oid:
            raise ForbiddenError("This address is for another file; ask for a new one.")
        return right, pointer


class ObjectHandler(PassHandler, UploadHandler[Upload]):
    """Takes in a file, and gives it out again."""

    _right: Pass
    _pointer: Pointer

    async def prepare_request(self) -> None:
        """Only a PUT has a body to take in."""
        if self.request.method == "PUT":
            await super().prepare_request()

    async def open_sink(self) -> Upload:
        self._right, self._pointer = await self.open_pass(_UPLOAD)
        if self.announced not in (None, self._pointer.size):
            raise InvalidRequestError(
                f"body: {self._pointer.size} bytes were announced in the batch, but this request "
                f"has {self.announced}."
            )
        return await self.run(self.hub.large_files.new_upload)

    async def put(self, oid: str, **_repo: str | None) -> None:
        upload = await self.received()
        size = self._pointer.size
        await self.run(self.hub.large_files.finish, upload, self._right.repo.pk, oid, size)
        self.reply({})

    async def get(self, oid: str, **_repo: str | None) -> None:
        right, _ = await self.open_pass(_DOWNLOAD)
        found = await self.run(self.hub.large_files.find, right.repo.pk, [oid])
        if oid not in found:
            raise NotFoundError(f"The repository has no large file {oid}.")
        file = found[oid]
        part = ByteRange.parse(self.request.headers.get("Range"), file.size)
        start, stop = (part.start, part.stop) if part else (0, file.size)
        if part:
            self.set_status(206)
            self.set_header("Content-Range", part.content_range)
        pieces = await self.run(self.hub.large_files.read, file, start, stop)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(stop - start))
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("ETag", f'"{oid}"')
        await self.stream(pieces)


class VerifyHandler(PassHandler):
    """Tells a client that its upload has arrived."""

    async def post(self, **_repo: str | None) -> None:
        right, pointer = await self.open_pass(_UPLOAD)
        if Pointer.parse(self.json_body()) != pointer:
            raise InvalidRequestError("oid: this address is for another file.")
        if not await self.run(self.hub.large_files.find, right.repo.pk, [pointer.oid]):
            raise NotFoundError(f"The file {pointer.oid} has not arrived; upload it again.")
        self.reply({})


class VerifyLocksHandler(LfsHandler):
    """Says before each push that nobody has locked anything."""

    async def post(self, plural: str | None, namespace: str, name: str) -> None:
        await self.repo(Action.WRITE, plural, namespace, name)
        self.reply({"ours": [], "theirs": [], "next_cursor": ""})


class LocksHandler(LfsHandler):
    """Locking is not offered."""

    async def _decline(self, *_: Any, **_groups: Any) -> None:
        raise NotSupportedError("This hub has no file locks; nothing was changed.")

    get = post = _decline


def _action(operation: Any) -> Action:
    if operation == "upload":
        return Action.WRITE
    if operation == "download":
        return Action.CONTENT
    raise InvalidRequestError("operation: send 'upload' or 'download'.")


def _pointers(objects: Any) -> list[Pointer]:
    if not isinstance(objects, list) or len(objects) > _MOST_OBJECTS:
        raise InvalidRequestError(f"objects: send a list of at most {_MOST_OBJECTS} objects.")
    return [Pointer.parse(item) for item in objects]


def _link(href: str) -> dict[str, Any]:
    return {"href": href, "expires_in": int(_LIFETIME.total_seconds())}


_LFS = rf"{WEB_PREFIX}{NAMESPACE}/{NAME}\.git/info/lfs"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_LFS}/objects/batch", BatchHandler),
    Route(rf"{_LFS}/objects/verify", VerifyHandler),
    Route(rf"{_LFS}/objects/(?P<oid>[0-9a-f]{{64}})", ObjectHandler),
    Route(rf"{_LFS}/locks/verify", VerifyLocksHandler),
    Route(rf"{_LFS}/locks(?:/(?P<lock>[^/]+)/unlock)?", LocksHandler),
)
