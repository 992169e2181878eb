"""Looking into a bucket: single files, and listings along the sorted paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.errors import EntryNotFoundError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import BucketFile, Repo
from phub_jupyter.hub.objects.large_files import LargeFile, LargeFiles

__all__ = ["EMPTY_SHA256", "BucketFolder", "BucketListing", "TreePage"]

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

_AT_A_TIME = 1000
_BEHIND_ALL = "\U0010ffff"
_BEHIND_SLASH = chr(ord("/") + 1)
_NEXT = "\x01"  # no path holds a control character


@dataclass(frozen=True, slots=True)
class BucketFolder:
    """A common beginning of paths, without its last slash."""

    path: str


@dataclass(frozen=True, slots=True)
class TreePage:
    """Entries by path; ``following`` is where the next page begins, None on the last."""

    entries: list[BucketFile | BucketFolder]
    following: str | None


class BucketListing:
    """Reads what buckets hold. Callers have checked access."""

    def __init__(self, database: Database, large_files: LargeFiles) -> None:
        self._database = database
        self._large_files = large_files

    def tree(
        self, repo: Repo, prefix: str, *, recursive: bool, limit: int, start: str = ""
    ) -> TreePage:
        """Files whose path begins with ``prefix``; unless ``recursive``, folders as one entry.

        A prefix that is a folder shows what is in it; nothing there is an empty page.
        """
        entries: list[BucketFile | BucketFolder] = []
        if not _may_be(prefix + start):
            return TreePage(entries, None)
        with self._database.read() as session:
            for entry, following in self._entries(session, repo, prefix, recursive, start):
                if len(entries) == limit:
                    return TreePage(entries, _begin(entry))
                entries.append(entry)
                start = following
        return TreePage(entries, None)

    def files(self, repo: Repo, paths: Iterable[str]) -> list[BucketFile]:
        """Those of the paths that are files, in the order of the question."""
        wanted = [path for path in dict.fromkeys(paths) if _may_be(path)]
        found: dict[str, BucketFile] = {}
        with self._database.read() as session:
            for first in range(0, len(wanted), _AT_A_TIME):
                part = wanted[first : first + _AT_A_TIME]
                rows = select(BucketFile).where(
                    BucketFile.repo_pk == repo.pk, BucketFile.path.in_(part)
                )
                found |= {row.path: row for row in session.scalars(rows)}
        return [found[path] for path in wanted if path in found]

    def content(self, repo: Repo, path: str) -> tuple[BucketFile, LargeFile | bytes]:
        """A file and where its content is. Raises EntryNotFoundError."""
        row = next(iter(self.files(repo, [path])), None)
        if row is None:
            raise EntryNotFoundError(f"Entry not found: {path}")
        if row.size == 0:
            return row, b""
        found = self._large_files.find(repo.pk, [row.sha256]).get(row.sha256)
        return row, found or LargeFile(row.sha256, row.size, row.xet_hash)

    def _entries(
        self, session: Session, repo: Repo, prefix: str, recursive: bool, start: str
    ) -> Iterator[tuple[BucketFile | BucketFolder, str]]:
        """Entries from ``start`` on, each with where the search for the next one begins."""
        query = (
            select(BucketFile)
            .where(BucketFile.repo_pk == repo.pk, BucketFile.path < prefix + _BEHIND_ALL)
            .order_by(BucketFile.path)
            .limit(_AT_A_TIME)
        )
        start = max(start, prefix)
        while rows := session.scalars(query.where(BucketFile.path >= start)).all():
            for row in rows:
                if row.path < start:  # below the folder that was shown last
                    continue
                folder = None if recursive else _folder(row.path, prefix)
                start = row.path + _NEXT if folder is None else folder + _BEHIND_SLASH
                yield (row if folder is None else BucketFolder(folder)), start


def _folder(path: str, prefix: str) -> str | None:
    """The folder below ``prefix`` that the path is in; None for a file right there."""
    base = prefix.rstrip("/") + "/" if prefix else ""
    seen = len(base) if path.startswith(base) else len(prefix)
    end = path.find("/", seen)
    return None if end < 0 else path[:end]


def _may_be(text: str) -> bool:
    """Whether a database can be asked about a text: whoever asks may write what they like."""
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)


def _begin(entry: BucketFile | BucketFolder) -> str:
    return entry.path if isinstance(entry, BucketFile) else f"{entry.path}/"
