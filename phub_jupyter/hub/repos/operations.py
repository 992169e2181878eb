"""What a commit is asked to do, read from newline-delimited JSON one line at a time."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from phub_jupyter.errors import InvalidRequestError, UnprocessableError
from phub_jupyter.hub.repos.long_text import LongText, cut_out
from phub_jupyter.identifiers import parse_path

__all__ = ["AddFile", "AddLargeFile", "CommitHeader", "Operation", "Remove", "read_commit"]

LONGEST_LINE = 64 * 1024 * 1024
"""Longest line in bytes: git is no place for larger files, which belong in LFS or Xet."""

_HELD = 1 << 20

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{5,40}")


@dataclass(frozen=True, slots=True)
class CommitHeader:
    """The message, and the commit that the branch must still be at, if the caller named one."""

    summary: str
    description: str = ""
    parent_commit: str | None = None

    @property
    def message(self) -> str:
        """The whole commit message."""
        return f"{self.summary}\n\n{self.description}".strip()


@dataclass(frozen=True, slots=True)
class AddFile:
    """Add or replace a file that git keeps itself.

    A long content is still in the body, and can be read until the next operation is asked for.
    """

    path: str
    content: bytes | LongText


@dataclass(frozen=True, slots=True)
class AddLargeFile:
    """Add or replace a file whose content was uploaded before; copies do not state the size."""

    path: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file or folder; with ``folder_only`` a file of that name does not count."""

    path: str
    folder_only: bool = False


Operation = AddFile | AddLargeFile | Remove


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    key: str
    value: dict[str, Any]
    long_text: LongText | None = None

    def refused(self, reason: str) -> InvalidRequestError:
        return InvalidRequestError(f"line {self.number}: {reason}")


def read_commit(stream: IO[bytes]) -> tuple[CommitHeader, Iterator[Operation]]:
    """Read the header now and the operations as they are asked for.

    Raises InvalidRequestError, naming the line, here or while the operations are read.
    """
    lines = _lines(stream)
    line = next(lines, _Line(1, "", {}))
    if line.key != "header":
        raise line.refused("the first line of a commit must be its header.")
    header = CommitHeader(
        _message(line, "summary"),
        _message(line, "description", default=""),
        _parent(line),
    )
    if not header.summary.strip():
        raise line.refused("summary: write a commit message.")
    return header, (_operation(line) for line in lines)


def _lines(stream: IO[bytes]) -> Iterator[_Line]:
    number = 0
    while text := stream.readline(_HELD):
        number += 1
        long_text: LongText | None = None
        if len(text) > LONGEST_LINE:
            raise _too_long(number)
        if len(text) == _HELD and not text.endswith(b"\n"):
            cut = cut_out(text, stream, LONGEST_LINE)
            if cut is None:
                raise _too_long(number)
            text, long_text = cut
        behind = stream.tell()
        if text.strip():
            yield _Line(number, *_key_and_value(number, text), long_text)
        if long_text is not None:  # whoever read it has moved the stream
            stream.seek(behind)


def _too_long(number: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"line {number}: longer than {LONGEST_LINE} bytes, or longer than {_HELD} besides its "
        "content; upload that file as a large file (LFS or Xet) instead of putting its content "
        "into the commit."
    )


def _key_and_value(number: int, line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"line {number}: not valid JSON ({error}).") from None
    if (
        not isinstance(item, dict)
        or not isinstance(item.get("key"), str)
        or not isinstance(item.get("value"), dict)
    ):
        raise InvalidRequestError(
            f'line {number}: must have the form {{"key": …, "value": {{…}}}}.'
        )
    return item["key"], item["value"]


def _operation(line: _Line) -> Operation:
    read = _READERS.get(line.key)
    if read is None:
        known = ", ".join(_READERS)
        raise line.refused(f"key: '{line.key}' is unknown; use one of {known}.")
    return read(line)


def _file(line: _Line) -> AddFile:
    if line.value.get("encoding", "base64") != "base64":
        raise line.refused("encoding: only base64 is understood.")
    text = _text(line, "content")
    try:
        if line.long_text is None:
            return AddFile(_path(line), base64.b64decode(text, validate=True))
        if text:  # a second content in the same line
            raise ValueError
        line.long_text.size()
    except ValueError:
        raise line.refused("content: not valid base64.") from None
    return AddFile(_path(line), line.long_text)


def _large_file(line: _Line) -> AddLargeFile:
    oid, size = _text(line, "oid"), line.value.get("size")
    if line.value.get("algo", "sha256") != "sha256" or not _SHA256.fullmatch(oid):
        raise line.refused("oid: must be a SHA-256 in 64 lower-case digits.")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise line.refused("size: must be a number of bytes.")
    return AddLargeFile(_path(line), oid, size)


def _removed_file(line: _Line) -> Remove:
    return Remove(_path(line))


def _removed_folder(line: _Line) -> Remove:
    return Remove(_path(line), folder_only=True)


_READERS: dict[str, Callable[[_Line], Operation]] = {
    "file": _file,
    "lfsFile": _large_file,
    "deletedFile": _removed_file,
    "deletedFolder": _removed_folder,
}


def _path(line: _Line) -> str:
    try:
        return parse_path(_text(line, "path"))
    except UnprocessableError as error:
        raise UnprocessableError(f"line {line.number}: {error.message}") from None


def _text(line: _Line, field: str, *, default: str | None = None) -> str:
    text = line.value.get(field)
    if text is None and default is not None:
        return default
    if not isinstance(text, str):
        raise line.refused(f"{field}: must be a text.")
    return text


def _message(line: _Line, field: str, *, default: str | None = None) -> str:
    text = _text(line, field, default=default)
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise line.refused(f"{field}: must be printable text.")
    return text


def _parent(line: _Line) -> str | None:
    value = line.value.get("parentCommit")
    if value is None:
        return None
    if not isinstance(value, str) or not _COMMIT.fullmatch(value.lower()):
        raise line.refused("parentCommit: must be a commit id.")
    return value.lower()
