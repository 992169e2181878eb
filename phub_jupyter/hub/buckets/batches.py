"""Changing a bucket: many files at once, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from phub_jupyter.errors import HubError, MovedError
from phub_jupyter.hub.access import Action, Actor
from phub_jupyter.hub.buckets.changes import BucketChange, PutFile, RemoveFile, Source
from phub_jupyter.hub.buckets.listing import EMPTY_SHA256
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import BucketFile, Repo, RepoObject, utc_now
from phub_jupyter.hub.events import Event, Events
from phub_jupyter.hub.objects.large_files import LargeFile, LargeFiles
from phub_jupyter.hub.repos.repositories import Repositories

__all__ = ["BatchResult", "BucketBatches"]

_EMPTY = "0" * 64  # the Xet hash of a file without a byte
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How many changes were made, and why each of the others was not: pairs of path and reason."""

    done: int
    failed: Sequence[tuple[str, str]]


class BucketBatches:
    """Applies batches. Callers have checked that the actor may write to the bucket."""

    def __init__(
        self,
        database: Database,
        repositories: Repositories,
        large_files: LargeFiles,
        events: Events,
    ) -> None:
        self._database = database
        self._repositories = repositories
        self._large_files = large_files
        self._events = events

    def apply(self, actor: Actor, bucket: Repo, changes: Iterable[BucketChange]) -> BatchResult:
        """Make the changes in their order; those that cannot be made are told, the others made."""
        wanted = list(changes)
        sources = self._sources(actor, wanted)
        batch = _Batch(bucket, sources, self._large_files)
        with self._database.write() as session:
            batch.run(session, wanted)
        if batch.done:
            self._events.publish(Event("update", "repo.content", bucket, actor))
        return BatchResult(batch.done, batch.failed)

    def _sources(self, actor: Actor, changes: list[BucketChange]) -> dict[Source, Repo]:
        """The repositories to copy from, as far as the actor may read their files."""
        named = {change.source for change in changes if isinstance(change, PutFile)}
        found = {}
        for source in named - {None}:
            assert source is not None
            try:
                found[source] = self._source(actor, source, source.id)
            except HubError:
                continue
        return found

    def _source(self, actor: Actor, source: Source, name: str) -> Repo:
        try:
            return self._repositories.find(actor, Action.CONTENT, source.type, name)
        except MovedError as moved:
            return self._repositories.find(actor, Action.CONTENT, source.type, moved.name)


class _Batch:
    """One transaction over one bucket."""

    def __init__(self, bucket: Repo, sources: dict[Source, Repo], large_files: LargeFiles) -> None:
        self.done = 0
        self.failed: list[tuple[str, str]] = []
        self._bucket = bucket
        self._sources = sources
        self._large_files = large_files
        self._freed: set[str] = set()
        self._grown = 0

    def run(self, session: Session, changes: list[BucketChange]) -> None:
        present = self._present(session, {change.path for change in changes})
        known = self._known(session, changes)
        for change in changes:
            if isinstance(change, RemoveFile):
                self._remove(session, present, change)
            else:
                self._put(session, present, known, change)
        session.flush()
        self._forget_unused(session)
        session.execute(
            update(Repo)
            .where(Repo.pk == self._bucket.pk)
            .values(used_storage=Repo.used_storage + self._grown, updated_at=utc_now())
        )

    def _present(self, session: Session, paths: set[str]) -> dict[str, BucketFile]:
        found: dict[str, BucketFile] = {}
        for part in _parts(sorted(paths)):
            query = select(BucketFile).where(
                BucketFile.repo_pk == self._bucket.pk, BucketFile.path.in_(part)
            )
            found |= {row.path: row for row in session.scalars(query)}
        return found

    def _known(
        self, session: Session, changes: list[BucketChange]
    ) -> dict[tuple[int, str], LargeFile]:
        """Content by the repository that has it and the Xet hash that it goes by there."""
        wanted: dict[int, set[str]] = {}
        for change in changes:
            owner = self._owner(change)
            if owner is not None and isinstance(change, PutFile):
                wanted.setdefault(owner.pk, set()).add(change.xet_hash)
        found: dict[tuple[int, str], LargeFile] = {}
        for repo_pk, hashes in wanted.items():
            for part in _parts(sorted(hashes)):
                content = self._large_files.named(session, repo_pk, part)
                found |= {(repo_pk, name): file for name, file in content.items()}
        return found

    def _owner(self, change: BucketChange) -> Repo | None:
        if not isinstance(change, PutFile) or change.source is None:
            return self._bucket
        return self._sources.get(change.source)

    def _remove(self, session: Session, present: dict[str, BucketFile], change: RemoveFile) -> None:
        row = present.pop(change.path, None)
        if row is not None:
            self._freed.add(row.sha256)
            self._grown -= row.size
            session.delete(row)
            session.flush()
        self.done += 1

    def _put(
        self,
        session: Session,
        present: dict[str, BucketFile],
        known: dict[tuple[int, str], LargeFile],
        change: PutFile,
    ) -> None:
        owner = self._owner(change)
        if owner is None:
            self.failed.append((change.path, "The source was not found, or you cannot read it."))
            return
        content = known.get((owner.pk, change.xet_hash))
        if change.xet_hash == _EMPTY:
            content = LargeFile(EMPTY_SHA256, 0, _EMPTY)
        if content is None:
            self.failed.append((change.path, f"The content {change.xet_hash} was not uploaded."))
            return
        if content.size and owner.pk != self._bucket.pk:
            self._large_files.link(session, self._bucket.pk, content)
        self._keep(session, present, change, content)

    def _keep(
        self,
        session: Session,
        present: dict[str, BucketFile],
        change: PutFile,
        content: LargeFile,
    ) -> None:
        row = present.get(change.path)
        if row is None:
            row = BucketFile(repo_pk=self._bucket.pk, path=change.path, size=0)
            present[change.path] = row
            session.add(row)
        else:
            self._freed.add(row.sha256)
        self._grown += content.size - row.size
        row.sha256, row.size = content.sha256, content.size
        row.xet_hash = content.offered_hash or change.xet_hash
        row.content_type, row.mtime = change.content_type, change.mtime
        row.uploaded_at = utc_now()
        self.done += 1

    def _forget_unused(self, session: Session) -> None:
        """What no path leads to any more cannot be read any more."""
        mine = BucketFile.repo_pk == self._bucket.pk
        for part in _parts(sorted(self._freed)):
            query = select(BucketFile.sha256).where(mine, BucketFile.sha256.in_(part)).distinct()
            gone = set(part) - set(session.scalars(query))
            session.execute(
                delete(RepoObject).where(
                    RepoObject.repo_pk == self._bucket.pk, RepoObject.sha256.in_(gone)
                )
            )


def _parts(texts: list[str]) -> Iterable[list[str]]:
    return (texts[first : first + _AT_A_TIME] for first in range(0, len(texts), _AT_A_TIME))
