"""Rows of large files that nobody needs any more, and objects of the store that have no row."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import CursorResult, and_, delete, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    BucketFile,
    FileXorb,
    LfsObject,
    RepoObject,
    XetFile,
    Xorb,
    XorbPromise,
)
from phub_jupyter.hub.objects.store import ObjectStore
from phub_jupyter.hub.objects.xet.promises import PROMISED

__all__ = [
    "KINDS",
    "forget_links",
    "forget_whole_files",
    "forget_xet_files",
    "forget_xorbs",
    "remove_strays",
    "unclaimed",
]

KINDS: dict[str, InstrumentedAttribute[str]] = {"lfs": LfsObject.sha256, "xorbs": Xorb.hash}
"""Objects of the store by the folder that they are in, and where the rows have their names."""

_BATCH = 500
_AT_ONCE = 50
_LAST_CLAIM = func.coalesce(RepoObject.claimed_at, RepoObject.created_at)
_IN_BUCKET = exists().where(
    BucketFile.repo_pk == RepoObject.repo_pk, BucketFile.sha256 == RepoObject.sha256
)


def unclaimed(session: Session, repo_pk: int, before: datetime) -> set[str]:
    """The large files of a repository that nobody has uploaded or referred to since."""
    query = select(RepoObject.sha256).where(RepoObject.repo_pk == repo_pk, before > _LAST_CLAIM)
    return set(session.scalars(query.where(~_IN_BUCKET)))


def forget_links(session: Session, repo_pk: int, sha256s: set[str], before: datetime) -> int:
    """Let a repository no longer serve these files, unless somebody claimed them since."""
    names, count = sorted(sha256s), 0
    for first in range(0, len(names), _BATCH):
        rows = delete(RepoObject).where(
            RepoObject.repo_pk == repo_pk,
            RepoObject.sha256.in_(names[first : first + _BATCH]),
            before > _LAST_CLAIM,
            ~_IN_BUCKET,
        )
        count += _run(session, rows)
    return count


def forget_xet_files(session: Session) -> int:
    """Forget how files are made up that no repository has; a client that knows can tell again."""
    linked = exists().where(RepoObject.xet_hash == XetFile.hash)
    return _run(session, delete(XetFile).where(~linked))


def forget_whole_files(session: Session, before: datetime) -> dict[str, int]:
    """Forget whole files that no repository has; returns their sizes by SHA-256."""
    linked = exists().where(RepoObject.sha256 == LfsObject.sha256, RepoObject.xet_hash.is_(None))
    rule = and_(~linked, LfsObject.created_at < before)
    rows = session.execute(select(LfsObject.sha256, LfsObject.size).where(rule))
    found = {row.sha256: row.size for row in rows}
    session.execute(delete(LfsObject).where(rule).execution_options(synchronize_session=False))
    return found


def forget_xorbs(session: Session, now: datetime) -> dict[str, int]:
    """Forget xorbs that no file needs and no client may refer to; returns their sizes by hash."""
    needed = exists().where(FileXorb.xorb == Xorb.hash)
    promised = exists().where(XorbPromise.xorb == Xorb.hash)
    kept = exists().where(XorbPromise.xorb == Xorb.hash, XorbPromise.until >= now)
    old = or_(promised, Xorb.created_at < now - PROMISED)
    rule = and_(~needed, ~kept, old)
    rows = session.execute(select(Xorb.hash, Xorb.size).where(rule))
    found = {row.hash: row.size for row in rows}
    names = sorted(found)
    for first in range(0, len(names), _BATCH):
        _run(session, delete(Xorb).where(Xorb.hash.in_(names[first : first + _BATCH])))
    return found


def remove_strays(
    database: Database, store: ObjectStore, kind: str, *, remove: bool
) -> Iterator[tuple[str, int]]:
    """Find the objects of a kind that have no row; yields name and size of each.

    They are removed under the database's write lock, in which alone they could get a row.
    """
    for names in _batches(key.rpartition("/")[2] for key in store.keys(kind)):
        keys = {name: f"{kind}/{name[:2]}/{name[2:4]}/{name}" for name in names}
        with database.read() as session:
            strays = _without_row(session, kind, names)
        if not strays:
            continue
        with database.write() if remove else database.read() as session:
            for name in _without_row(session, kind, strays):
                with contextlib.suppress(StorageError):  # somebody else has just removed it
                    yield name, store.size(keys[name])
                if remove:
                    store.delete(keys[name])


def _without_row(session: Session, kind: str, names: list[str]) -> list[str]:
    column = KINDS[kind]
    known = set(session.scalars(select(column).where(column.in_(names))))
    return [name for name in names if name not in known]


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    left = iter(names)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch


def _run(session: Session, statement: Any) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount
