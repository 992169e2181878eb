"""Attachments of comments: taken in from people who log in, shown without running anything."""

from __future__ import annotations

from phub_jupyter.errors import AuthenticationError
from phub_jupyter.hub.access import require_own
from phub_jupyter.hub.community.attachments import LARGEST_ATTACHMENT, MEDIA_TYPES
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_jupyter.hub.objects.store import NewFile
from phub_server.base import HubHandler
from phub_server.routing import Route
from phub_server.uploads import UploadHandler

__all__ = ["ROUTES"]

_FOR_EVER = 365 * 24 * 3600


class UploadAttachmentHandler(UploadHandler[NewFile]):
    """Takes the bytes of a picture, film or sound and answers with its address, as plain text."""

    largest = LARGEST_ATTACHMENT

    async def open_sink(self) -> NewFile:
        self._owner = require_own(self.actor)
        return await self.run(self.hub.community.attachments.new_file)

    async def post(self) -> None:
        file = await self.received()
        row = await self.run(self.hub.community.attachments.keep, file, self._owner)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self.endpoint}/uploads/{row.uid}.{MEDIA_TYPES[row.media_type]}")


class AttachmentHandler(HubHandler):
    """One attachment. Whoever knows the address may see it, where strangers may see anything."""

    async def head(self, attachment: str) -> None:
        await self._answer(attachment)

    async def get(self, attachment: str) -> None:
        await self._answer(attachment)

    async def _answer(self, attachment: str) -> None:
        if self.actor.is_anonymous and not self.actor.sees_public:
            raise AuthenticationError("Log in to see attachments.")
        uid, _, _ = attachment.partition(".")
        row = await self.run(self.hub.community.attachments.find, uid)
        name = f"{uid}.{MEDIA_TYPES[row.media_type]}"
        kind = "inline" if row.media_type.startswith("image/") else "attachment"
        self.set_header("Content-Type", row.media_type)
        self.set_header("Content-Disposition", f'{kind}; filename="{name}"')
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cache-Control", f"private, max-age={_FOR_EVER}, immutable")
        self.set_header("Accept-Ranges", "bytes")
        part = ByteRange.parse(self.request.headers.get("Range"), row.size)
        start, stop = (0, row.size) if part is None else (part.start, part.stop)
        if part is not None:
            self.set_status(206)
            self.set_header("Content-Range", part.content_range)
        self.set_header("Content-Length", str(stop - start))
        if self.request.method == "GET":
            read = self.hub.community.attachments.read
            await self.stream(await self.run(read, row, start, stop))

    def compute_etag(self) -> str | None:
        """Its address never means anything else."""
        return None


ROUTES: tuple[Route, ...] = (
    Route(r"/uploads", UploadAttachmentHandler),
    Route(r"/uploads/(?P<attachment>[0-9a-f]{48}\.[0-9a-z]{3,4})", AttachmentHandler),
)
