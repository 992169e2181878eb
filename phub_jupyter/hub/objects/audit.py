"""Compares every stored object with its name, and every large file with what it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import select

from phub_jupyter.errors import HubError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import LfsObject, Repo, RepoObject, XetFile, Xorb
from phub_jupyter.hub.objects.store import ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.hashing import Chunk, file_hash, to_text
from phub_jupyter.hub.objects.xet.reading import load_index
from phub_jupyter.hub.objects.xet.xorb import XorbIndex, read_xorb

__all__ = ["damages"]


def damages(database: Database, store: ObjectStore) -> Iterator[str]:
    """Yield one sentence for each object or file that is missing or not what its name says."""
    yield from _damaged_lfs_objects(database, store)
    yield from _damaged_xorbs(database, store)
    yield from _damaged_xet_files(database)
    yield from _incomplete_repositories(database)


def _damaged_lfs_objects(database: Database, store: ObjectStore) -> Iterator[str]:
    with database.read() as session:
        rows = session.scalars(select(LfsObject).order_by(LfsObject.sha256)).all()
    for row in rows:
        digest = hashlib.sha256()
        try:
            for piece in store.read(fan_out("lfs", row.sha256)):
                digest.update(piece)
        except HubError as error:
            yield error.message
            continue
        if digest.hexdigest() != row.sha256:
            yield f"The large file {row.sha256} is damaged: its bytes have another SHA-256."


def _damaged_xorbs(database: Database, store: ObjectStore) -> Iterator[str]:
    with database.read() as session:
        names = session.scalars(select(Xorb.hash).order_by(Xorb.hash)).all()
    for name in names:
        index = load_index(database, name)
        try:
            with store.open(fan_out("xorbs", name)) as stream:
                found = read_xorb(stream)
        except HubError as error:
            yield f"The xorb {name} is damaged: {error.message}"
            continue
        if found != index or to_text(found.hash) != name:
            yield f"The xorb {name} is damaged: its bytes have another hash."


def _damaged_xet_files(database: Database) -> Iterator[str]:
    with database.read() as session:
        names = session.scalars(select(XetFile.hash).order_by(XetFile.hash)).all()
    for name in names:
        with database.read() as session:
            file = session.get_one(XetFile, name)
        chunks: list[Chunk] = []
        for xorb, start, end, _ in file.segments:
            index: XorbIndex | None = load_index(database, xorb)
            if index is None:
                yield f"The Xet file {name} needs the xorb {xorb}, which is missing."
                break
            chunks += index.chunks(start, end)
        else:
            if to_text(file_hash(chunks)) != name or sum(size for _, size in chunks) != file.size:
                yield f"The Xet file {name} is damaged: its chunks have another hash."


def _incomplete_repositories(database: Database) -> Iterator[str]:
    query = (
        select(Repo, RepoObject)
        .join(RepoObject, RepoObject.repo_pk == Repo.pk)
        .outerjoin(XetFile, XetFile.hash == RepoObject.xet_hash)
        .outerjoin(LfsObject, LfsObject.sha256 == RepoObject.sha256)
        .where(
            (XetFile.sha256.is_distinct_from(RepoObject.sha256) & RepoObject.xet_hash.is_not(None))
            | (LfsObject.sha256.is_(None) & RepoObject.xet_hash.is_(None))
        )
    )
    with database.read() as session:
        rows = session.execute(query).all()
    for repo, file in rows:
        yield f"{repo.type} {repo.namespace}/{repo.name} has lost the large file {file.sha256}."
