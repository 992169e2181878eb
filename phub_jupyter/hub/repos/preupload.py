"""Answers, before an upload, how each file should come and whether it is there already."""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pathspec import GitIgnoreSpec

from phub_jupyter.errors import EntryNotFoundError, InvalidRequestError
from phub_jupyter.hub.repos.git_repository import Entry, GitRepository
from phub_jupyter.hub.repos.gitattributes import wants_lfs
from phub_jupyter.identifiers import parse_path

__all__ = ["LARGEST_REGULAR_FILE", "Placement", "PlannedFile", "is_binary", "place"]

LARGEST_REGULAR_FILE = 10 * 1024 * 1024
"""Bytes up to which a text is kept by git itself."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that somebody wants to upload, with its first bytes."""

    path: str
    size: int
    sample: bytes

    @classmethod
    def parse(cls, item: Any) -> PlannedFile:
        """Read one entry of the request. Raises InvalidRequestError naming the field."""
        if not isinstance(item, dict) or not isinstance(item.get("path"), str):
            raise InvalidRequestError("files: each needs a path.")
        path, size, sample = item["path"], item.get("size"), item.get("sample", "")
        parse_path(path)
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise InvalidRequestError(f"{path}: size: must be a number of bytes.")
        try:
            return cls(path, size, base64.b64decode(sample, validate=True))
        except (binascii.Error, TypeError, ValueError):
            raise InvalidRequestError(f"{path}: sample: not valid base64.") from None


@dataclass(frozen=True, slots=True)
class Placement:
    """How to upload a file; ``oid`` is what is at that path now (SHA-256 of a large file)."""

    path: str
    upload_mode: Literal["lfs", "regular"]
    should_ignore: bool
    oid: str | None


def place(
    git: GitRepository, commit: str, files: Iterable[PlannedFile], git_ignore: str | None
) -> list[Placement]:
    """Decide about each file by the rules in the repository at that commit.

    ``git_ignore`` replaces the repository's ``.gitignore`` where the upload brings a new one.
    """
    ignored = _ignore_rules(git, commit, git_ignore)
    return [
        Placement(
            file.path,
            "lfs" if _is_large(git, commit, file) else "regular",
            ignored.match_file(file.path),
            _present_oid(git, commit, file.path),
        )
        for file in files
    ]


def _is_large(git: GitRepository, commit: str, file: PlannedFile) -> bool:
    if file.size == 0:
        return False
    if file.size > LARGEST_REGULAR_FILE or is_binary(file.sample):
        return True
    return wants_lfs(git, commit, file.path)


def is_binary(sample: bytes) -> bool:
    """Whether the first bytes of a file are not those of a text in UTF-8."""
    if b"\0" in sample:
        return True
    try:
        # The sample may end within a character, which an incremental decoder forgives.
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return True
    return False


def _ignore_rules(git: GitRepository, commit: str, text: str | None) -> GitIgnoreSpec:
    if text is None:
        entry = _present(git, commit, ".gitignore")
        if entry is not None and entry.kind == "file" and entry.lfs is None:
            text = git.read_blob(entry.oid).decode("utf-8", "replace")
    lines = (text or "").splitlines()
    return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:  # like git, pass over what makes no sense
        return False
    return True


def _present_oid(git: GitRepository, commit: str, path: str) -> str | None:
    entry = _present(git, commit, path)
    if entry is None or entry.kind == "directory":
        return None
    return entry.oid if entry.lfs is None else entry.lfs.sha256


def _present(git: GitRepository, commit: str, path: str) -> Entry | None:
    try:
        return git.entry(commit, path)
    except EntryNotFoundError:
        return None
