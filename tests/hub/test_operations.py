"""Commits as newline-delimited JSON: what is read, and what is refused by line and field."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest

from phub_jupyter.errors import InvalidRequestError, UnprocessableError
from phub_jupyter.hub.repos import operations
from phub_jupyter.hub.repos.operations import (
    AddFile,
    AddLargeFile,
    CommitHeader,
    Operation,
    Remove,
    read_commit,
)

SHA = "0123456789abcdef" * 4
HEADER = {"key": "header", "value": {"summary": "s", "description": "d"}}


def read(*lines: Any) -> tuple[CommitHeader, list[Operation]]:
    """Read a body made of JSON values, or of raw texts."""
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    header, found = read_commit(io.BytesIO("\n".join(texts).encode()))
    return header, list(found)


def line(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


def test_every_kind_of_line_is_read_in_order() -> None:
    content = base64.b64encode("héllo\n".encode()).decode()
    header, found = read(
        line("header", summary="Title", description="Body", parentCommit="ABCDEF12"),
        line("deletedFolder", path="old/"),
        line("deletedFile", path="x.txt"),
        "",
        line("file", path="a b/ü.txt", content=content, encoding="base64"),
        line("lfsFile", path="w.bin", algo="sha256", oid=SHA, size=7),
        line("lfsFile", path="copy.bin", algo="sha256", oid=SHA),
    )
    assert header == CommitHeader("Title", "Body", "abcdef12")
    assert header.message == "Title\n\nBody"
    assert found == [
        Remove("old", folder_only=True),
        Remove("x.txt"),
        AddFile("a b/ü.txt", "héllo\n".encode()),
        AddLargeFile("w.bin", SHA, 7),
        AddLargeFile("copy.bin", SHA, None),
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "line 1: the first line"),
        ([line("file", path="x", content="")], "line 1: the first line"),
        (["{"], "line 1: not valid JSON"),
        (["[" * 100_000], "line 1: not valid JSON"),
        (['"header"'], "line 1: must have the form"),
        ([line("header")], "line 1: summary"),
        ([line("header", summary=" ")], "line 1: summary"),
        ([line("header", summary="a\0b")], "line 1: summary"),
        ([line("header", summary="\ud800")], "line 1: summary"),
        ([line("header", summary="s", description=3)], "line 1: description"),
        ([line("header", summary="s", parentCommit="main")], "line 1: parentCommit"),
        ([HEADER, HEADER], "line 2: key: 'header' is unknown"),
        ([HEADER, line("copyFile", path="x")], "line 2: key: 'copyFile' is unknown"),
        ([HEADER, '{"key": "file", "value": {"path": "x", "conte'], "line 2: not valid JSON"),
        ([HEADER, line("file", path="x")], "line 2: content"),
        ([HEADER, line("file", content="")], "line 2: path"),
        ([HEADER, line("file", path="x", content="%%%")], "line 2: content: not valid base64"),
        ([HEADER, line("file", path="x", content="aGk")], "line 2: content: not valid base64"),
        ([HEADER, line("file", path="x", content="aé")], "line 2: content: not valid base64"),
        ([HEADER, line("file", path="x", content="", encoding="utf-8")], "line 2: encoding"),
        ([HEADER, line("lfsFile", path="x", oid=SHA[1:])], "line 2: oid"),
        ([HEADER, line("lfsFile", path="x", oid=SHA, algo="md5")], "line 2: oid"),
        ([HEADER, line("lfsFile", path="x", oid=SHA, size=-1)], "line 2: size"),
        ([HEADER, line("lfsFile", path="x", oid=SHA, size="7")], "line 2: size"),
    ],
)
def test_what_is_malformed_is_refused_by_line_and_field(lines: list[Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        read(*lines)


@pytest.mark.parametrize("key", ["file", "lfsFile", "deletedFile", "deletedFolder"])
@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a\\b", "..\\x", ".git/config"),
        *("a/.GIT/hooks/x", "GIT~1/x", ".git./x", "a\0b", "a\nb", "x" * 300, "a/" * 3000, "\ud800"),
    ],
)
def test_paths_that_leave_the_repository_are_refused(key: str, path: str) -> None:
    with pytest.raises(UnprocessableError, match="path"):
        read(HEADER, line(key, path=path, content="", oid=SHA))


def test_a_line_is_never_longer_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "LONGEST_LINE", 200)
    with pytest.raises(InvalidRequestError, match="line 2: longer than 200 bytes"):
        read(HEADER, line("file", path="x", content="A" * 400))
