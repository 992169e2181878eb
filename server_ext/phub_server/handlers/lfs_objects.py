"""Moves large files by addresses that carry their own proof: whole, or in parts."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import ForbiddenError, InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import ANONYMOUS, Actor
from phub_jupyter.hub.objects.large_files import Upload
from phub_jupyter.hub.objects.multipart import Part, Plan
from phub_jupyter.hub.objects.passes import Pass
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_server.handlers.lfs import (
    COMPLETE,
    DOWNLOAD,
    LFS,
    PART,
    SHA256,
    UPLOAD,
    LfsHandler,
    Pointer,
)
from phub_server.routing import Route
from phub_server.uploads import UploadHandler

__all__ = ["ROUTES"]


class PassHandler(LfsHandler):
    """An address that carries its proof as ``?auth=``, so it needs no other credentials."""

    async def identify(self) -> Actor:
        """Leave it to `open_pass`; clients send all sorts of credentials along, or none."""
        return ANONYMOUS

    async def open_pass(self, purpose: str) -> tuple[Pass, Pointer]:
        """Return the right that the address stands for, and for which file it is."""
        text = self.get_query_argument("auth", "")
        right = await self.run(self.hub.passes.open, purpose, text)
        pointer = Pointer(right.claims["oid"], right.claims["size"])
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
        self._right, self._pointer = await self.open_pass(UPLOAD)
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
        right, _ = await self.open_pass(DOWNLOAD)
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
        right, pointer = await self.open_pass(UPLOAD)
        if Pointer.parse(self.json_body()) != pointer:
            raise InvalidRequestError("oid: this address is for another file.")
        if not await self.run(self.hub.large_files.find, right.repo.pk, [pointer.oid]):
            raise NotFoundError(f"The file {pointer.oid} has not arrived; upload it again.")
        self.reply({})


class PartHandler(PassHandler, UploadHandler[Part]):
    """Takes in one part of a file."""

    async def open_sink(self) -> Part:
        right, pointer = await self.open_pass(PART)
        plan = Plan(pointer.size, right.claims["part_size"])
        number = right.claims["number"]
        if str(number) != self.path_kwargs["number"]:
            raise ForbiddenError("This address is for another part; ask for new ones.")
        if self.announced not in (None, plan.length(number)):
            raise InvalidRequestError(
                f"body: part {number} must have {plan.length(number)} bytes, but this request has "
                f"{self.announced}."
            )
        new = self.hub.multipart.new_part
        return await self.run(new, right.claims["upload"], plan, number)

    async def put(self, oid: str, number: str, **_repo: str | None) -> None:
        part = await self.received()
        tag = await self.run(part.keep)
        self.set_header("ETag", f'"{tag}"')
        self.reply({})


class CompletionHandler(PassHandler):
    """Makes one file of the parts."""

    async def post(self, oid: str, **_repo: str | None) -> None:
        right, pointer = await self.open_pass(COMPLETE)
        body = self.json_body()
        if body.get("oid") != oid:
            raise InvalidRequestError("oid: this address is for another file.")
        claims = right.claims
        plan = Plan(pointer.size, claims["part_size"])
        complete = self.hub.multipart.complete
        await self.run(complete, claims["upload"], right.repo.pk, oid, plan, _tags(body))
        self.reply({})


def _tags(body: dict[str, Any]) -> dict[int, str]:
    parts = body.get("parts")
    if not isinstance(parts, list):
        raise InvalidRequestError("parts: send a list of {partNumber, etag}.")
    tags: dict[int, str] = {}
    for part in parts:
        number, tag = (
            (part.get("partNumber"), part.get("etag")) if isinstance(part, dict) else ("", "")
        )
        if type(number) is not int or not isinstance(tag, str):
            raise InvalidRequestError("parts: each needs its partNumber and the etag it was given.")
        tag = tag.strip('"')
        if not SHA256.fullmatch(tag) or number in tags:
            raise InvalidRequestError(f"parts: the etag of part {number} is not one of this hub.")
        tags[number] = tag
    return tags


ROUTES: tuple[Route, ...] = (
    Route(rf"{LFS}/objects/verify", VerifyHandler),
    Route(rf"{LFS}/objects/(?P<oid>[0-9a-f]{{64}})", ObjectHandler),
    Route(rf"{LFS}/objects/(?P<oid>[0-9a-f]{{64}})/parts", CompletionHandler),
    Route(rf"{LFS}/objects/(?P<oid>[0-9a-f]{{64}})/parts/(?P<number>[0-9]{{1,5}})", PartHandler),
)
