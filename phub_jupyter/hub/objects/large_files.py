"""The large files of repositories, whichever way their bytes came and are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError, StorageError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import LfsObject, RepoObject, XetFile, utc_now
from phub_jupyter.hub.objects.audit import Audit
from phub_jupyter.hub.objects.store import NewFile, ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.reading import read_segments
from phub_jupyter.hub.objects.xet.whole_files import OutlineMaker

__all__ = ["LargeFile", "LargeFiles", "Upload", "last_claim"]

_BATCH = 500
_FRESH = timedelta(hours=1)
"""A claim that is not older need not be written again."""


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A large file of one repository.

    ``xet_hash`` is set when it is kept as xorbs, ``whole_hash`` when it is there as a whole: then
    that is the hash by which Xet clients can ask for it.
    """

    sha256: str
    size: int
    xet_hash: str | None
    whole_hash: str | None = None

    @property
    def offered_hash(self) -> str | None:
        """The hash that Xet clients are told."""
        return self.xet_hash or self.whole_hash


def last_claim(row: RepoObject) -> datetime:
    """When somebody last was told that the repository has the file."""
    return row.claimed_at or row.created_at


class Upload:
    """A whole file on its way in."""

    def __init__(self, file: NewFile) -> None:
        self.file = file
        self.outline = OutlineMaker()
        self._digest = hashlib.sha256()

    @property
    def size(self) -> int:
        """How many bytes have arrived."""
        return self.file.size

    @property
    def sha256(self) -> str:
        """The SHA-256 of what has arrived."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Append to the file."""
        self.file.write(data)
        self._digest.update(data)
        self.outline.write(data)

    def discard(self) -> None:
        """Forget what has arrived; does nothing after `LargeFiles.finish`."""
        self.file.discard()


class LargeFiles:
    """Finds, reads and takes in the large files of repositories.

    Content is only ever reached through the repository that it was uploaded to.
    """

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    def find(self, repo_pk: int, sha256s: Iterable[str]) -> dict[str, LargeFile]:
        """Return those of the files that were uploaded to the repository, by their SHA-256."""
        wanted = list(dict.fromkeys(sha256s))
        found: dict[str, LargeFile] = {}
        with self._database.read() as session:
            for first in range(0, len(wanted), _BATCH):
                rows = session.execute(
                    select(RepoObject, LfsObject.xet_hash)
                    .outerjoin(LfsObject, LfsObject.sha256 == RepoObject.sha256)
                    .where(
                        RepoObject.repo_pk == repo_pk,
                        RepoObject.sha256.in_(wanted[first : first + _BATCH]),
                    )
                )
                for row, whole in rows:
                    found[row.sha256] = LargeFile(row.sha256, row.size, row.xet_hash, whole)
        return found

    def named(
        self, session: Session, repo_pk: int, xet_hashes: Iterable[str]
    ) -> dict[str, LargeFile]:
        """Return the files of the repository that Xet clients know by these hashes.

        Two clients may cut the same content in two ways, and the hub in a third: then it has
        several hashes.
        """
        wanted = list(xet_hashes)
        mine = RepoObject.repo_pk == repo_pk
        whole = (
            select(RepoObject, LfsObject.xet_hash)
            .join(LfsObject, LfsObject.sha256 == RepoObject.sha256)
            .where(mine, LfsObject.xet_hash.in_(wanted))
        )
        found = {
            str(name): LargeFile(row.sha256, row.size, row.xet_hash, name)
            for row, name in session.execute(whole)
        }
        cut = (
            select(RepoObject, XetFile.hash)
            .join(XetFile, XetFile.sha256 == RepoObject.sha256)
            .where(mine, XetFile.hash.in_(wanted))
        )
        for row, name in session.execute(cut):
            found[name] = LargeFile(row.sha256, row.size, row.xet_hash or name)
        return found

    def claim(self, repo_pk: int, sha256s: Iterable[str]) -> dict[str, LargeFile]:
        """The same for somebody who is about to refer to them instead of uploading them.

        What was claimed is not removed for a day, even if nothing refers to it yet.
        """
        found = self.find(repo_pk, sha256s)
        names = list(found)
        now = utc_now()
        rows = select(RepoObject).where(RepoObject.repo_pk == repo_pk)
        for first in range(0, len(names), _BATCH):
            batch = rows.where(RepoObject.sha256.in_(names[first : first + _BATCH]))
            with self._database.read() as session:
                claims = [last_claim(row) for row in session.scalars(batch)]
            fresh = len(claims) == len(names[first : first + _BATCH]) and now - min(claims) < _FRESH
            if fresh:
                continue
            with self._database.write() as session:
                present = {row.sha256: row for row in session.scalars(batch)}
                for row in present.values():
                    row.claimed_at = now
            for sha256 in set(names[first : first + _BATCH]) - present.keys():
                del found[sha256]  # removed since it was found
        return found

    def read(self, file: LargeFile, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return the bytes from ``start`` up to ``stop`` in pieces of at most 1 MiB.

        Raises StorageError at once if the hub does not have the file, and while reading if the
        store is damaged.
        """
        stop = file.size if stop is None else min(stop, file.size)
        if file.xet_hash is None:
            key = fan_out("lfs", file.sha256)
            if self._store.size(key) != file.size:
                raise StorageError(f"The stored object {key} has the wrong size; run 'phub check'.")
            return self._store.read(key, start, stop)
        with self._database.read() as session:
            row = session.get(XetFile, file.xet_hash)
        if row is None:
            raise StorageError(f"The hub has lost the Xet file {file.xet_hash}; run 'phub check'.")
        return read_segments(self._database, self._store, row.segments, start, stop)

    def new_upload(self) -> Upload:
        """Begin to take in a whole file; end with `finish` or `Upload.discard`."""
        return Upload(self._store.new_file())

    def finish(self, upload: Upload, repo_pk: int, sha256: str, size: int) -> LargeFile:
        """Keep the file for the repository if it is what was announced; otherwise drop it.

        Raises InvalidRequestError when size or SHA-256 differ; then nothing was kept.
        """
        try:
            if (upload.size, upload.sha256) != (size, sha256):
                raise InvalidRequestError(
                    f"sha256: announced were {size} bytes with SHA-256 {sha256}, but "
                    f"{upload.size} bytes with SHA-256 {upload.sha256} arrived; nothing was kept, "
                    "upload the file again."
                )
            # The row comes first: a clean-up removes objects that have none.
            outline = upload.outline.finish()
            row = LfsObject(
                sha256=sha256,
                size=size,
                xet_hash=outline.hash,
                xorbs=list(outline.xorbs),
                created_at=utc_now(),
            )
            with self._database.write() as session:
                session.merge(row)
            upload.file.publish(fan_out("lfs", sha256))
        finally:
            upload.discard()
        file = LargeFile(sha256, size, None, outline.hash)
        with self._database.write() as session:
            self.link(session, repo_pk, file)
        return file

    def link(self, session: Session, repo_pk: int, file: LargeFile) -> bool:
        """Let the repository serve a file that the hub has; False if it did already.

        A file that is there as a whole becomes one of xorbs when it arrives that way too, because
        those it may share with others; the other way round nothing changes.
        """
        row = session.get(RepoObject, (repo_pk, file.sha256))
        if row is None:
            new = RepoObject(
                repo_pk=repo_pk, sha256=file.sha256, size=file.size, xet_hash=file.xet_hash
            )
            session.add(new)
        else:
            row.claimed_at = utc_now()
            if row.xet_hash is not None or file.xet_hash is None:
                return False
            row.xet_hash = file.xet_hash
        session.flush()
        return True

    def usage(self, repo_pk: int) -> int:
        """Return how many bytes the repository's large files have, before any sharing."""
        with self._database.read() as session:
            total = select(func.coalesce(func.sum(RepoObject.size), 0))
            return session.scalars(total.where(RepoObject.repo_pk == repo_pk)).one()

    def verify(self) -> Iterator[str]:
        """Re-hash everything and yield one sentence for each thing that is damaged or missing."""
        return Audit(self._database, self._store).run()
