"""Compares every stored object with its name, and says which repositories lose what by damage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import exists, select

from phub_jupyter.errors import HubError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    Attachment,
    BucketFile,
    FileXorb,
    LfsObject,
    Repo,
    RepoObject,
    XetFile,
    Xorb,
)
from phub_jupyter.hub.objects.store import ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.hashing import Chunk, file_hash, to_text
from phub_jupyter.hub.objects.xet.reading import load_index
from phub_jupyter.hub.objects.xet.whole_files import OutlineMaker
from phub_jupyter.hub.objects.xet.xorb import read_xorb

__all__ = ["Audit"]


class Audit:
    """One look at everything. Whatever was found whole is remembered for what is made of it."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store
        self._whole_objects: dict[str, int] = {}
        self._whole_xorbs: set[str] = set()
        self._whole_files: dict[str, str] = {}

    def run(self) -> Iterator[str]:
        """Yield one sentence for each object, file and repository that is not whole."""
        yield from self._objects()
        yield from self._xorbs()
        yield from self._files()
        yield from self._repositories()
        yield from self._buckets()
        yield from self._attachments()

    def _objects(self) -> Iterator[str]:
        with self._database.read() as session:
            rows = session.scalars(select(LfsObject).order_by(LfsObject.sha256)).all()
            whole = select(RepoObject.sha256).where(RepoObject.xet_hash.is_(None)).distinct()
            needed = set(session.scalars(whole))
        for row in rows:
            if row.sha256 not in needed and not self._store.exists(fan_out("lfs", row.sha256)):
                continue  # it is arriving, or did not arrive
            digest, maker = hashlib.sha256(), OutlineMaker()
            try:
                for piece in self._store.read(fan_out("lfs", row.sha256)):
                    digest.update(piece)
                    maker.write(piece)
            except HubError as error:
                yield error.message
                continue
            if digest.hexdigest() != row.sha256:
                yield f"The large file {row.sha256} is damaged: its bytes have another SHA-256."
                continue
            self._whole_objects[row.sha256] = row.size
            outline = maker.finish()
            if row.xet_hash is not None and (row.xet_hash, row.xorbs) != (
                outline.hash,
                list(outline.xorbs),
            ):
                yield f"The large file {row.sha256} is noted with another Xet hash than it has."

    def _xorbs(self) -> Iterator[str]:
        with self._database.read() as session:
            names = session.scalars(select(Xorb.hash).order_by(Xorb.hash)).all()
        for name in names:
            try:
                with self._store.open(fan_out("xorbs", name)) as stream:
                    found = read_xorb(stream)
            except HubError as error:
                yield f"The xorb {name} is damaged: {error.message}"
                continue
            if found == load_index(self._database, name) and to_text(found.hash) == name:
                self._whole_xorbs.add(name)
            else:
                yield f"The xorb {name} is damaged: its bytes have another hash."

    def _files(self) -> Iterator[str]:
        with self._database.read() as session:
            names = session.scalars(select(XetFile.hash).order_by(XetFile.hash)).all()
        for name in names:
            with self._database.read() as session:
                file = session.get_one(XetFile, name)
                listed = set(session.scalars(select(FileXorb.xorb).where(FileXorb.file == name)))
            xorbs = {xorb for xorb, *_ in file.segments}
            if xorbs & self._whole_xorbs != listed & self._whole_xorbs:
                yield f"The Xet file {name} is not noted with all xorbs that it needs."
            if not xorbs <= self._whole_xorbs:
                continue  # a damaged xorb has its sentence, and so will the repositories
            chunks: list[Chunk] = []
            for xorb, start, end, _ in file.segments:
                index = load_index(self._database, xorb)
                chunks += index.chunks(start, end) if index else []
            if to_text(file_hash(chunks)) == name and sum(size for _, size in chunks) == file.size:
                self._whole_files[name] = file.sha256
            else:
                yield f"The Xet file {name} is damaged: its chunks make up another file."

    def _repositories(self) -> Iterator[str]:
        query = select(Repo, RepoObject).join(RepoObject, RepoObject.repo_pk == Repo.pk)
        with self._database.read() as session:
            for repo, file in session.execute(query.order_by(Repo.key, RepoObject.sha256)):
                if not self._has_bytes(file):
                    name = f"{repo.namespace}/{repo.name}"
                    yield f"The {repo.type} {name} has lost the large file {file.sha256}."

    def _buckets(self) -> Iterator[str]:
        """Files of buckets whose content the bucket may not serve; repositories have `check`."""
        linked = exists().where(
            RepoObject.repo_pk == BucketFile.repo_pk, RepoObject.sha256 == BucketFile.sha256
        )
        query = select(Repo, BucketFile).join(BucketFile, BucketFile.repo_pk == Repo.pk)
        query = query.where(BucketFile.size > 0, ~linked)
        with self._database.read() as session:
            for repo, file in session.execute(query.order_by(Repo.key, BucketFile.path)):
                name = f"{repo.namespace}/{repo.name}"
                yield f"The bucket {name} has lost the content of {file.path}."

    def _attachments(self) -> Iterator[str]:
        with self._database.read() as session:
            rows = session.scalars(select(Attachment).order_by(Attachment.pk)).all()
        for row in rows:
            try:
                whole = self._store.size(fan_out("attachments", row.uid)) == row.size
            except HubError as error:
                yield error.message
                continue
            if not whole:
                yield f"The attachment {row.uid} has the wrong size."

    def _has_bytes(self, file: RepoObject) -> bool:
        if file.xet_hash is None:
            return self._whole_objects.get(file.sha256) == file.size
        return self._whole_files.get(file.xet_hash) == file.sha256
