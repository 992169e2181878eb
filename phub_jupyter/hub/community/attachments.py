"""Pictures, films and sounds in comments: kept as they are, under an address nobody can guess."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

from sqlalchemy import select

from phub_jupyter.errors import InvalidRequestError, NotFoundError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Attachment
from phub_jupyter.hub.objects.store import NewFile, ObjectStore, fan_out

__all__ = ["LARGEST_ATTACHMENT", "MEDIA_TYPES", "Attachments", "media_type_of"]

LARGEST_ATTACHMENT = 64 << 20
_SAMPLE = 64
MEDIA_TYPES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
}
"""What may be attached, each with the end of its address."""

_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"....ftypqt  ", re.DOTALL), "video/quicktime"),
    (re.compile(rb"....ftyp(?:isom|iso[2-9]|mp4[12]|avc1|M4V |MSNV|dash)", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1aE\xdf\xa3.{0,48}?webm", re.DOTALL), "video/webm"),
    (re.compile(rb"ID3|\xff[\xfb\xf3\xf2\xfa]"), "audio/mpeg"),
)


def media_type_of(sample: bytes) -> str | None:
    """What a file is by how it begins, whatever anybody says that it is."""
    return next((kind for pattern, kind in _SIGNATURES if pattern.match(sample)), None)


class Attachments:
    """Takes attachments in and gives them out."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    def new_file(self) -> NewFile:
        """Begin to take an attachment in; end with `keep` or ``discard``."""
        return self._store.new_file()

    def keep(self, file: NewFile, owner_pk: int) -> Attachment:
        """Keep a file that is what may be attached. Raises InvalidRequestError."""
        with file.reader() as stream:
            media_type = media_type_of(stream.read(_SAMPLE))
        if media_type is None:
            raise InvalidRequestError(
                f"body: send a file of one of these kinds: {', '.join(MEDIA_TYPES.values())}."
            )
        row = Attachment(
            uid=secrets.token_hex(24), owner_pk=owner_pk, media_type=media_type, size=file.size
        )
        file.publish(_key(row.uid))
        with self._database.write() as session:
            session.add(row)
        return row

    def find(self, uid: str) -> Attachment:
        """The attachment of that address. Raises NotFoundError."""
        with self._database.read() as session:
            row = session.scalar(select(Attachment).where(Attachment.uid == uid))
        if row is None:
            raise NotFoundError("There is no such attachment.")
        return row

    def read(self, row: Attachment, start: int, stop: int) -> Iterator[bytes]:
        """A part of its bytes, in pieces."""
        return self._store.read(_key(row.uid), start, stop)


def _key(uid: str) -> str:
    return fan_out("attachments", uid)
