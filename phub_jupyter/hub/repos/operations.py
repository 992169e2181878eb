"""What a commit is asked to do, read from newline-delimited JSON one line at a time."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.identifiers import parse_path

__all__ = ["AddFile", "AddLargeFile", "CommitHeader", "Operation", "Remove", "read_commit"]

LONGEST_LINE = 64 * 1024 * 1024
"""Longest line in bytes: a regular file is held in memory, and a larger one belongs in LFS."""

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
    """Add or replace a file that git keeps itself."""

    path: str
    content: bytes


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


def read_commit(stream: IO[bytes]) -> tuple[CommitHeader, Iterator[Operation]]:
    """Read the header now and the operations as they are asked for.

    Raises InvalidRequestError, naming the line, here or while the operations are read.
    """
    lines = _lines(stream)
    number, key, value = next(lines, (1, "", {}))
    if key != "header":
        raise InvalidRequestError(f"line {number}: the first line of a commit must be its header.")
    header = CommitHeader(
        _message(number, value, "summary"),
        _message(number, value, "description", default=""),
        _parent(number, value.get("parentCommit")),
    )
    if not header.summary.strip():
        raise InvalidRequestError(f"line {number}: summary: write a commit message.")
    return header, (_operation(*line) for line in lines)


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise InvalidRequestError(
                f"line {number}: longer than {LONGEST_LINE} bytes; upload that file as a large "
                "file (LFS or Xet) instead of putting its content into the commit."
            )
        if line.strip():
            yield (number, *_key_and_value(number, line))


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


def _operation(number: int, key: str, value: dict[str, Any]) -> Operation:
    read = _READERS.get(key)
    if read is None:
        known = ", ".join(_READERS)
        raise InvalidRequestError(f"line {number}: key: '{key}' is unknown; use one of {known}.")
    return read(number, value)


def _file(number: int, value: dict[str, Any]) -> AddFile:
    encoding = value.get("encoding", "base64")
    if encoding != "base64":
        raise InvalidRequestError(f"line {number}: encoding: only base64 is understood.")
    try:
        content = base64.b64decode(_text(number, value, "content"), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequestError(f"line {number}: content: not valid base64.") from None
    return AddFile(_path(number, value), content)


def _large_file(number: int, value: dict[str, Any]) -> AddLargeFile:
    oid, size = _text(number, value, "oid"), value.get("size")
    if value.get("algo", "sha256") != "sha256" or not _SHA256.fullmatch(oid):
        raise InvalidRequestError(f"line {number}: oid: must be a SHA-256 in 64 lower-case digits.")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise InvalidRequestError(f"line {number}: size: must be a number of bytes.")
    return AddLargeFile(_path(number, value), oid, size)


def _removed_file(number: int, value: dict[str, Any]) -> Remove:
    return Remove(_path(number, value))


def _removed_folder(number: int, value: dict[str, Any]) -> Remove:
    return Remove(_path(number, value), folder_only=True)


_READERS: dict[str, Callable[[int, dict[str, Any]], Operation]] = {
    "file": _file,
    "lfsFile": _large_file,
    "deletedFile": _removed_file,
    "deletedFolder": _removed_folder,
}


def _path(number: int, value: dict[str, Any]) -> str:
    return parse_path(_text(number, value, "path"))


def _text(number: int, value: dict[str, Any], field: str, *, default: str | None = None) -> str:
    text = value.get(field)
    if text is None and default is not None:
        return default
    if not isinstance(text, str):
        raise InvalidRequestError(f"line {number}: {field}: must be a text.")
    return text


def _message(number: int, value: dict[str, Any], field: str, *, default: str | None = None) -> str:
    text = _text(number, value, field, default=default)
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise InvalidRequestError(f"line {number}: {field}: must be printable text.")
    return text


def _parent(number: int, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _COMMIT.fullmatch(value.lower()):
        raise InvalidRequestError(f"line {number}: parentCommit: must be a commit id.")
    return value.lower()
