"""The Xet store as clients see it: xorbs come in, shards turn them into files, files go out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import select

from phub_jupyter.errors import InvalidRequestError, NotFoundError, RepoNotFoundError
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    LfsObject,
    Repo,
    RepoObject,
    RepoXorb,
    Setting,
    XetFile,
    Xorb,
)
from phub_jupyter.hub.objects.large_files import LargeFiles
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_jupyter.hub.objects.store import NewFile, ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.dedup import Dedup
from phub_jupyter.hub.objects.xet.hashing import to_text
from phub_jupyter.hub.objects.xet.promises import promise
from phub_jupyter.hub.objects.xet.reading import indexes
from phub_jupyter.hub.objects.xet.reconstruction import Reconstruction, plan
from phub_jupyter.hub.objects.xet.registration import Progress, Registration
from phub_jupyter.hub.objects.xet.whole_files import Outline, WholeXorb
from phub_jupyter.hub.objects.xet.xorb import XorbIndex, read_xorb

__all__ = ["Cas"]

_DEPLOYMENT = "deployment_id"


def _unheard(done: int, total: int) -> None:
    """Progress that nobody waits for."""


class Cas:
    """Takes in xorbs and shards, and tells clients how to rebuild files from them."""

    def __init__(self, database: Database, store: ObjectStore, large_files: LargeFiles) -> None:
        self._database = database
        self._store = store
        self._dedup = Dedup(database)
        self._registration = Registration(database, store, large_files)
        self.deployment_id = self._find_deployment_id()

    def new_body(self) -> NewFile:
        """Begin to take in the body of a xorb or a shard."""
        return self._store.new_file()

    def put_xorb(self, repo_pk: int, name: str, body: NewFile) -> bool:
        """Keep a xorb under its hash; False if the repository's writers had sent it already.

        Whether others have sent it is not told.

        Raises InvalidRequestError when the bytes are not a xorb of that hash; then, and whatever
        else goes wrong, nothing was kept.
        """
        try:
            with body.reader() as stream:
                index = read_xorb(stream)
            if to_text(index.hash) != name:
                raise InvalidRequestError(
                    f"xorb: the address says {name}, but the content has the hash "
                    f"{to_text(index.hash)}."
                )
            body.truncate(index.size)  # old clients add a footer, which nobody needs
            body.flush()
            return self._keep_xorb(repo_pk, name, index, body)
        finally:
            body.discard()

    def put_shard(self, repo_pk: int, body: NewFile, progress: Progress = _unheard) -> bool:
        """Register the files of a shard for a repository; see `Registration.put_shard`."""
        return self._registration.put_shard(repo_pk, body, progress)

    def answer_chunk(self, actor: Actor, repo: Repo, chunk: str) -> bytes | None:
        """What the hub has beside that chunk; see `Dedup.answer`."""
        return self._dedup.answer(actor, repo, chunk)

    def size_of_xorb(self, actor: Actor, repo: Repo, name: str) -> int | None:
        """The size of a xorb that the hub has and may say so; then it is promised to be kept."""
        key = fan_out("xorbs", name)
        if self._dedup.may_know(actor, repo, name) and self._store.exists(key):
            return self._store.size(key)
        return None

    def size_of_file(self, repo_pk: int, name: str) -> int:
        """The size of a file of the repository by its Xet hash. Raises NotFoundError."""
        return self._file(repo_pk, name).size

    def reconstruction(self, repo_pk: int, name: str, wanted: str | None) -> Reconstruction:
        """Say how to rebuild a file of the repository; ``wanted`` is a ``Range`` header.

        Raises NotFoundError for a file that is not the repository's, RangeNotSatisfiableError.
        """
        file = self._file(repo_pk, name)
        span = ByteRange.parse(wanted, file.size) or ByteRange(0, file.size, file.size)
        if isinstance(file, XetFile):
            index_of = indexes(self._database, NotFoundError)
            return plan(file.segments, index_of, span.start, span.stop)
        outline = Outline(name, tuple(file.xorbs or ()))
        layout_of = outline.layout_of(file.size)
        found = plan(outline.segments(file.size), layout_of, span.start, span.stop)
        numbers = {term.xorb: outline.xorbs.index(term.xorb) for term in found.terms}
        whole = {
            name: WholeXorb(file.sha256, file.size, number) for name, number in numbers.items()
        }
        return replace(found, whole=whole)

    def read_xorb(
        self, name: str, start: int, stop: int, whole: WholeXorb | None = None
    ) -> Iterator[bytes]:
        """Yield bytes of a serialized xorb, in pieces of at most 1 MiB.

        ``whole`` says which part of a whole file the xorb is, if it is one.
        """
        if whole is not None:
            return whole.read(self._store, start, stop)
        return self._store.read(fan_out("xorbs", name), start, stop)

    def _keep_xorb(self, repo_pk: int, name: str, index: XorbIndex, body: NewFile) -> bool:
        key = fan_out("xorbs", name)
        # The same chunks can be compressed in many ways. File and index must come from the same
        # upload, so the database's write lock is held from the look to the row.
        with self._database.write() as session:
            if session.scalar(select(Repo.pk).where(Repo.pk == repo_pk)) is None:
                raise RepoNotFoundError("Repository not found, or you have no access to it.")
            missing = session.get(Xorb, name) is None or not self._store.exists(key)
            if missing:
                body.publish(key)
                session.merge(_row(name, index))
                session.flush()
            promise(session, [name])
            first = session.get(RepoXorb, (repo_pk, name)) is None
            if first:
                session.add(RepoXorb(repo_pk=repo_pk, xorb=name))
        return missing or first

    def _file(self, repo_pk: int, name: str) -> XetFile | LfsObject:
        of_xorbs = (
            select(XetFile)
            .join(RepoObject, RepoObject.xet_hash == XetFile.hash)
            .where(RepoObject.repo_pk == repo_pk, XetFile.hash == name)
        )
        # One that has arrived as xorbs since may still be asked for as it was.
        whole = (
            select(LfsObject)
            .join(RepoObject, RepoObject.sha256 == LfsObject.sha256)
            .where(RepoObject.repo_pk == repo_pk, LfsObject.xet_hash == name)
        )
        with self._database.read() as session:
            file = session.scalars(of_xorbs).one_or_none() or session.scalars(whole).one_or_none()
        if file is None:
            raise NotFoundError(f"The repository has no Xet file {name}.")
        return file

    def _find_deployment_id(self) -> str:
        with self._database.write() as session:
            setting = session.get(Setting, _DEPLOYMENT)
            if setting is None:
                setting = Setting(key=_DEPLOYMENT, value=secrets.token_hex(8))
                session.add(setting)
            return setting.value


def _row(name: str, index: XorbIndex) -> Xorb:
    hashes, lengths, ends = index.pack()
    return Xorb(
        hash=name,
        size=index.size,
        raw_size=sum(index.lengths),
        chunk_hashes=hashes,
        raw_lengths=lengths,
        ends=ends,
    )
