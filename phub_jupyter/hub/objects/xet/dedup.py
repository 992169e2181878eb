"""Finds what the hub has already of the file that a client is about to upload.

A client asks for a few of its chunks: the first of each file, and one in a thousand. If a file that
the asking person may read has such a chunk, the answer names the chunks of that file, from there
on, and of no other: what shares a xorb with them stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from sqlalchemy import ColumnElement, exists, insert, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, visible_to
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    FileXorb,
    IndexedChunk,
    Repo,
    RepoObject,
    RepoXorb,
    XetFile,
)
from phub_jupyter.hub.objects.xet.hashing import Chunk, from_text, to_text
from phub_jupyter.hub.objects.xet.promises import REMEMBERED, promise
from phub_jupyter.hub.objects.xet.reading import Segment, load_index
from phub_jupyter.hub.objects.xet.shard_answer import ShownXorb, write_answer
from phub_jupyter.hub.objects.xet.xorb import XorbIndex

__all__ = ["Dedup", "index_file"]

_CANDIDATES = 50
_MOST_CHUNKS = 1 << 16  # an answer of 3 MiB about 4 GiB of a file


def index_file(
    session: Session, name: str, chunks: Sequence[Chunk], flagged: frozenset[bytes]
) -> None:
    """Let those chunks of a new file be found that clients ask for, or mark as worth it."""
    names = {digest for digest, _ in chunks if digest in flagged or _is_asked_for(digest)}
    names.add(chunks[0][0])
    session.execute(
        insert(IndexedChunk), [{"chunk": to_text(digest), "file": name} for digest in names]
    )


def _is_asked_for(digest: bytes) -> bool:
    return int.from_bytes(digest[24:32], "little") % 1024 == 0


class Dedup:
    """Answers what a person may know of what the hub has."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def answer(self, actor: Actor, repo: Repo, chunk: str) -> bytes | None:
        """A shard about a file with that chunk, which ``actor`` may read, or None.

        Files of ``repo`` come first. The xorbs that it names are promised to be kept.
        """
        digest = from_text(chunk)
        for segments in self._candidates(actor, repo, chunk):
            index_of = partial(load_index, self._database)
            shown = _shown(segments, digest, index_of)
            if shown and self._promise(xorb.name for xorb in shown):
                return write_answer(shown, REMEMBERED)
        return None

    def may_know(self, actor: Actor, repo: Repo, xorb: str) -> bool:
        """Whether the hub may say that it has this xorb.

        It may if the same repository's writers sent it, or if a file needs it that ``actor`` may
        read; then it is promised to be kept.
        """
        sent = exists().where(RepoXorb.repo_pk == repo.pk, RepoXorb.xorb == xorb)
        with self._database.read() as session:
            known = bool(session.scalar(select(sent)))
            if not known:
                query = (
                    select(Repo)
                    .join(RepoObject, RepoObject.repo_pk == Repo.pk)
                    .join(FileXorb, FileXorb.file == RepoObject.xet_hash)
                    .where(FileXorb.xorb == xorb, visible_to(actor))
                    .order_by(_foreign(repo), Repo.pk)
                    .limit(_CANDIDATES)
                )
                known = any(_readable(actor, found) for found in session.scalars(query))
        return known and self._promise([xorb])

    def _promise(self, xorbs: Iterable[str]) -> bool:
        """Keep the xorbs; False if one was removed since it was looked for."""
        try:
            with self._database.write() as session:
                promise(session, xorbs)
        except InvalidRequestError:
            return False
        return True

    def _candidates(self, actor: Actor, repo: Repo, chunk: str) -> Iterable[list[Segment]]:
        query = (
            select(XetFile, Repo)
            .join(IndexedChunk, IndexedChunk.file == XetFile.hash)
            .join(RepoObject, RepoObject.xet_hash == XetFile.hash)
            .join(Repo, Repo.pk == RepoObject.repo_pk)
            .where(IndexedChunk.chunk == chunk, visible_to(actor))
            .order_by(_foreign(repo), XetFile.created_at.desc(), XetFile.hash, Repo.pk)
            .limit(_CANDIDATES)
        )
        with self._database.read() as session:
            found = [(file.segments, owner) for file, owner in session.execute(query)]
        return (segments for segments, owner in found if _readable(actor, owner))


def _foreign(repo: Repo) -> ColumnElement[bool]:
    return Repo.pk != repo.pk


def _readable(actor: Actor, repo: Repo) -> bool:
    return decide(actor, Action.CONTENT, repo) is Verdict.ALLOW


def _shown(
    segments: list[Segment], wanted: bytes, index_of: partial[XorbIndex | None]
) -> list[ShownXorb]:
    """The xorbs of a file, from the segment with the wanted chunk on; only the file's chunks."""
    indexes: dict[str, XorbIndex] = {}
    places: dict[str, set[int]] = {}
    total = 0
    for name, start, end, _ in segments:
        index = indexes.get(name) or index_of(name)
        if index is None:
            continue
        if not indexes and wanted not in index.hashes[start:end]:
            continue
        if name not in indexes:
            total += len(index.hashes)
            if indexes and total > _MOST_CHUNKS:
                break
            indexes[name] = index
        places.setdefault(name, set()).update(range(start, end))
    return [ShownXorb(name, index, frozenset(places[name])) for name, index in indexes.items()]
