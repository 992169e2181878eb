"""Lists a repository's large files, whether or not anything refers to them any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pygit2
from pygit2.enums import SortMode
from sqlalchemy import select

from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Repo, RepoObject
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository
from phub_jupyter.hub.repos.pointers import pointers_of
from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["LfsListing", "ListedFile"]


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A large file, with one of the places where it is or was; none if it was never committed."""

    sha256: str
    size: int
    pushed_at: datetime
    path: str
    ref: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    ref: str | None


class LfsListing:
    """Reads the rows of large files, and looks for their names in the history."""

    def __init__(self, database: Database, repositories: Repositories) -> None:
        self._database = database
        self._repositories = repositories

    def page(self, repo: Repo, after: str, limit: int) -> list[ListedFile]:
        """The files whose SHA-256 follows ``after``, in that order."""
        with self._database.read() as session:
            rows = session.scalars(
                select(RepoObject)
                .where(RepoObject.repo_pk == repo.pk, RepoObject.sha256 > after)
                .order_by(RepoObject.sha256)
                .limit(limit)
            ).all()
        places = _places(self._repositories.open(repo), {row.sha256 for row in rows})
        nowhere = _Place("", None)
        return [
            ListedFile(row.sha256, row.size, row.created_at, place.path, place.ref)
            for row in rows
            for place in [places.get(row.sha256, nowhere)]
        ]


def _places(git: GitRepository, wanted: set[str]) -> dict[str, _Place]:
    found: dict[str, _Place] = {}
    seen: set[pygit2.Oid] = set()
    for ref, commit in _commits(git):
        if len(found) == len(wanted):
            break
        for _, path, pointer in pointers_of(git, [commit], seen):
            if pointer.sha256 in wanted:
                found.setdefault(pointer.sha256, _Place(path, ref))
    return found


def _commits(git: GitRepository) -> Iterator[tuple[str | None, str]]:
    """The heads of all refs, ``main`` first, then everything before them."""
    refs = sorted(git.refs(), key=lambda ref: (ref.name != MAIN, ref.name))
    walker = git.raw.walk(None)
    walker.sort(SortMode.TIME)
    for ref in refs:
        yield ref.name, ref.commit
        walker.push(pygit2.Oid(hex=ref.commit))
    for commit in walker:
        yield None, str(commit.id)
