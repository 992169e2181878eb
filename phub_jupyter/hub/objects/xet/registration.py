"""Takes in shards: what they claim is proved, and then their files are the repository's.

A shard is believed in nothing: the hub has its own index of every xorb, and a client must show
with a hash over the chunks that it really has what it refers to. Whatever a shard registers
belongs to one repository; no other can read it before the same is shown for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError, RepoNotFoundError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import FileXorb, Repo, XetFile
from phub_jupyter.hub.objects.large_files import LargeFile, LargeFiles
from phub_jupyter.hub.objects.store import NewFile, ObjectStore
from phub_jupyter.hub.objects.xet.dedup import index_file
from phub_jupyter.hub.objects.xet.hashing import Chunk, file_hash, to_text
from phub_jupyter.hub.objects.xet.promises import promise
from phub_jupyter.hub.objects.xet.reading import IndexOf, Segment, indexes, read_segments
from phub_jupyter.hub.objects.xet.shard import ClaimedFile, ClaimedSegment, read_shard
from phub_jupyter.hub.objects.xet.xorb import XorbIndex

__all__ = ["Progress", "Registration"]

Progress = Callable[[int, int], None]
"""Told how many files of how many have been verified."""


@dataclass(frozen=True, slots=True)
class _ProvedFile:
    name: str
    size: int
    sha256: str
    segments: list[Segment]
    chunks: list[Chunk]


class Registration:
    """Turns shards into files of repositories."""

    def __init__(self, database: Database, store: ObjectStore, large_files: LargeFiles) -> None:
        self._database = database
        self._store = store
        self._large_files = large_files

    def put_shard(self, repo_pk: int, body: NewFile, progress: Progress) -> bool:
        """Register the files of a shard for a repository; False if it had them all.

        Raises InvalidRequestError when the shard is malformed or claims anything that is not so;
        then nothing was registered.
        """
        try:
            with body.reader() as stream:
                shard = read_shard(stream)
        finally:
            body.discard()
        claims = {claim.hash: claim for claim in shard.files if claim.segments}
        index_of = indexes(self._database, InvalidRequestError)
        files = []
        for number, claim in enumerate(claims.values()):
            progress(number, len(claims))
            files.append(self._prove(claim, index_of))
        progress(len(claims), len(claims))
        new = False
        with self._database.write() as session:
            if session.scalar(select(Repo.pk).where(Repo.pk == repo_pk)) is None:
                raise RepoNotFoundError("Repository not found, or you have no access to it.")
            # What was proved may be gone by now if it was never promised; so look and promise.
            promise(session, (xorb for file in files for xorb, *_ in file.segments))
            for file in files:
                _keep(session, file, shard.flagged)
                found = LargeFile(file.sha256, file.size, file.name)
                new |= self._large_files.link(session, repo_pk, found)
        return new

    def _prove(self, claim: ClaimedFile, index_of: IndexOf) -> _ProvedFile:
        chunks: list[Chunk] = []
        for segment in claim.segments:
            index = index_of(segment.xorb)
            _check_segment(claim.hash, segment, index)
            chunks += index.chunks(segment.start, segment.end)
        if to_text(file_hash(chunks)) != claim.hash:
            raise InvalidRequestError(
                f"shard: the chunks of file {claim.hash} make up another file; upload it again."
            )
        segments = [(part.xorb, part.start, part.end, part.size) for part in claim.segments]
        size = sum(length for _, length in chunks)
        sha256 = self._known_sha256(claim.hash) or self._sha256(segments, size)
        if claim.sha256 not in (None, sha256):
            raise InvalidRequestError(
                f"shard: file {claim.hash} has the SHA-256 {sha256}, not {claim.sha256}."
            )
        return _ProvedFile(claim.hash, size, sha256, segments, chunks)

    def _known_sha256(self, name: str) -> str | None:
        with self._database.read() as session:
            file = session.get(XetFile, name)
        return None if file is None else file.sha256

    def _sha256(self, segments: Sequence[Segment], size: int) -> str:
        digest = hashlib.sha256()
        for piece in read_segments(self._database, self._store, segments, 0, size):
            digest.update(piece)
        return digest.hexdigest()


def _keep(session: Session, file: _ProvedFile, flagged: frozenset[bytes]) -> None:
    if session.get(XetFile, file.name) is not None:
        return
    row = XetFile(hash=file.name, size=file.size, sha256=file.sha256, segments=file.segments)
    session.add(row)
    session.flush()
    xorbs = {xorb for xorb, *_ in file.segments}
    session.add_all(FileXorb(file=file.name, xorb=xorb) for xorb in xorbs)
    index_file(session, file.name, file.chunks, flagged)


def _check_segment(file: str, segment: ClaimedSegment, index: XorbIndex) -> None:
    """Check that the chunks are there, and that the client showed to have them."""
    start, end = segment.start, segment.end
    if not 0 <= start < end <= len(index.lengths):
        raise InvalidRequestError(
            f"shard: file {file} names chunks {start} to {end} of xorb {segment.xorb}, which has "
            f"{len(index.lengths)}."
        )
    if index.raw_size(start, end) != segment.size:
        raise InvalidRequestError(
            f"shard: file {file} gives chunks {start} to {end} of xorb {segment.xorb} "
            f"{segment.size} bytes; they have {index.raw_size(start, end)}."
        )
    if index.proof(start, end) != segment.proof:
        raise InvalidRequestError(
            f"shard: file {file} has a wrong verification hash for chunks {start} to {end} of "
            f"xorb {segment.xorb}."
        )
