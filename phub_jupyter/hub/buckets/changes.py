"""One change of a bucket as a client describes it: a line of the body of a batch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from phub_jupyter.errors import InvalidRequestError, UnprocessableError
from phub_jupyter.hub.database.tables import utc_now
from phub_jupyter.identifiers import RepoType, parse_path

__all__ = ["BucketChange", "PutFile", "RemoveFile", "Source", "read_changes"]

_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST_PATH = 1024  # bytes
_LARGEST_TIME = 253_402_300_799_000  # milliseconds: the end of the year 9999
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """The repository or bucket that a file is copied from."""

    type: RepoType
    id: str


@dataclass(frozen=True, slots=True)
class PutFile:
    """Content that the bucket has already, or that ``source`` has, under a path."""

    path: str
    xet_hash: str
    mtime: datetime
    content_type: str | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """A path that shall not be there."""

    path: str


BucketChange = PutFile | RemoveFile


def read_changes(body: bytes) -> Iterator[BucketChange]:
    """Read newline-delimited JSON. Raises InvalidRequestError that names the line."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > _MOST:
        raise InvalidRequestError(f"body: at most {_MOST} changes at a time.")
    for number, line in enumerate(lines, 1):
        try:
            yield _read(json.loads(line))
        except (ValueError, RecursionError):
            raise InvalidRequestError(f"body: line {number} is not valid JSON.") from None
        except InvalidRequestError as error:
            raise type(error)(f"body: line {number}: {error.message}") from None


def _read(value: Any) -> BucketChange:
    if not isinstance(value, dict):
        raise InvalidRequestError("send a JSON object.")
    kind, path = value.get("type"), _path(value.get("path"))
    if kind == "deleteFile":
        return RemoveFile(path)
    if kind not in ("addFile", "copyFile"):
        raise InvalidRequestError("type: send addFile, copyFile or deleteFile.")
    xet_hash = value.get("xetHash")
    if not isinstance(xet_hash, str) or not _HASH.fullmatch(xet_hash):
        raise InvalidRequestError("xetHash: send the 64 hexadecimal digits of the file's hash.")
    content_type = value.get("contentType")
    source = _source(value) if kind == "copyFile" else None
    return PutFile(path, xet_hash, _time(value.get("mtime")), _media_type(content_type), source)


def _path(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidRequestError("path: send the path of the file.")
    if value.endswith("/"):
        raise UnprocessableError("path: a file's path does not end in '/'.")
    path = parse_path(value)
    if len(path.encode()) > _LONGEST_PATH:
        raise UnprocessableError(f"path: it may have at most {_LONGEST_PATH} bytes.")
    return path


def _time(value: Any) -> datetime:
    if value is None:
        return utc_now()
    whole = isinstance(value, int | float) and not isinstance(value, bool)
    if not whole or not 0 <= value <= _LARGEST_TIME:
        raise InvalidRequestError("mtime: send milliseconds since 1970.")
    return datetime.fromtimestamp(value / 1000, UTC)


def _media_type(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 255 or not value.isprintable():
        raise InvalidRequestError("contentType: send a media type, for example text/csv.")
    return value


def _source(value: dict[str, Any]) -> Source:
    source_id = value.get("sourceRepoId")
    if not isinstance(source_id, str):
        raise InvalidRequestError("sourceRepoId: send the id that the file is copied from.")
    return Source(RepoType.parse(value.get("sourceRepoType")), source_id)
