"""Gives back the space of what nobody can need any more. Nothing else in the hub ever does.

Something is needed if a ref of any repository leads to it (branches, tags, pull requests), if a
file of a bucket does, if a client was told within its promised life that the hub has it, or if it
is younger than a day, because then it may be on its way into a commit.

It may run while the hub serves. What keeps the two apart, in the order in which things happen:

1. In each repository git drops what no ref reaches, under the repository's lock. What is left in
   it, reachable or not, says which large files it needs.
2. Rows go, all in one transaction. Whoever tells a client that a large file or a xorb is there
   notes that in a transaction of their own (`LargeFiles.claim`, `promise`), so either this one sees
   the note, or the client is told that there is nothing.
3. Objects of the store go that have no row, in batches under the database's write lock. A xorb gets
   its bytes and its row under the same lock; the row of a whole file is there before its bytes.

Killed at any moment, it leaves objects without rows, which nobody misses and the next run removes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from phub_jupyter.errors import HubError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Repo, utc_now
from phub_jupyter.hub.objects.garbage import (
    KINDS,
    forget_links,
    forget_whole_files,
    forget_xet_files,
    forget_xorbs,
    remove_strays,
    unclaimed,
)
from phub_jupyter.hub.objects.store import ObjectStore
from phub_jupyter.hub.repos.garbage import drop_garbage, find_garbage, large_files_of
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.identifiers import RepoType

__all__ = ["YOUNG", "Freed", "GarbageCollector", "Report"]

YOUNG = timedelta(days=1)
"""What is younger may be on its way into a commit."""


@dataclass
class Freed:
    """How much there was of one kind."""

    kind: str
    count: int = 0
    size: int = 0

    def add(self, sizes: Iterable[int]) -> None:
        """Count more of it."""
        for size in sizes:
            self.count += 1
            self.size += size


@dataclass
class Report:
    """What was removed, or would be, and which repositories could not be looked at."""

    history: Freed = field(default_factory=lambda: Freed("git objects that no ref reaches"))
    whole: Freed = field(default_factory=lambda: Freed("whole files"))
    xorbs: Freed = field(default_factory=lambda: Freed("xorbs"))
    strays: Freed = field(default_factory=lambda: Freed("left-over objects"))
    links: int = 0
    skipped: list[str] = field(default_factory=list)

    @property
    def lines(self) -> tuple[Freed, ...]:
        """All that takes space."""
        return (self.history, self.whole, self.xorbs, self.strays)


class GarbageCollector:
    """Finds what nobody needs, and removes it if asked to."""

    def __init__(self, database: Database, store: ObjectStore, repositories: Repositories) -> None:
        self._database = database
        self._store = store
        self._repositories = repositories

    def collect(self, *, delete: bool, now: datetime | None = None) -> Report:
        """Report what nobody needs; with ``delete`` it is gone when this returns."""
        now = now or utc_now()
        before = now - YOUNG
        report = Report()
        unneeded = self._look(report, before, delete)
        forgotten: dict[str, dict[str, int]] = {}
        with self._database.write() as session:
            for repo_pk, sha256s in unneeded.items():
                report.links += forget_links(session, repo_pk, sha256s, before)
            forget_xet_files(session)
            forgotten["lfs"] = forget_whole_files(session, before)
            forgotten["xorbs"] = forget_xorbs(session, now)
            if not delete:
                session.rollback()
        report.whole.add(forgotten["lfs"].values())
        report.xorbs.add(forgotten["xorbs"].values())
        for kind in KINDS:
            strays = remove_strays(self._database, self._store, kind, remove=delete)
            report.strays.add(size for name, size in strays if name not in forgotten[kind])
        return report

    def _look(self, report: Report, before: datetime, delete: bool) -> dict[int, set[str]]:
        """The large files of each repository that nothing in it refers to."""
        with self._database.read() as session:
            repos = session.scalars(select(Repo).order_by(Repo.pk)).all()
        found: dict[int, set[str]] = {}
        for repo in repos:
            try:
                needed = (
                    set()
                    if repo.type == RepoType.BUCKET
                    else self._tidy(report, repo, before, delete)
                )
            except HubError as error:  # it keeps all that it has
                report.skipped.append(f"{repo.type} {repo.namespace}/{repo.name}: {error.message}")
                continue
            with self._database.read() as session:
                found[repo.pk] = unclaimed(session, repo.pk, before) - needed
        return found

    def _tidy(self, report: Report, repo: Repo, before: datetime, delete: bool) -> set[str]:
        """Drop what no ref reaches; returns the large files that what is left refers to."""
        git = self._repositories.open(repo)
        garbage = find_garbage(git, before)
        report.history.count += len(garbage.oids)
        report.history.size += garbage.size
        if not delete:
            return large_files_of(git, without=garbage.oids)
        if garbage.oids:
            with git.lock():
                drop_garbage(git, before)
        return large_files_of(self._repositories.open(repo))
