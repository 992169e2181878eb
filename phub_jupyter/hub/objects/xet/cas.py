"""The Xet store as clients see it: xorbs come in, shards turn them into files, files go out.

A shard is believed in nothing: the hub has its own index of every xorb, and a client must show
with a hash over the chunks that it really has what it refers to. Whatever a shard registers
belongs to one repository; no other can read it before the same is shown for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from functools import lru_cache

from sqlalchemy import select

from phub_jupyter.errors import InvalidRequestError, NotFoundError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import RepoObject, Setting, XetFile, Xorb
from phub_jupyter.hub.objects.large_files import LargeFile, LargeFiles
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_jupyter.hub.objects.store import NewFile, ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.hashing import Chunk, file_hash, to_text
from phub_jupyter.hub.objects.xet.reading import load_index, read_segments
from phub_jupyter.hub.objects.xet.reconstruction import Reconstruction, plan
from phub_jupyter.hub.objects.xet.shard import ClaimedFile, ClaimedSegment, read_shard
from phub_jupyter.hub.objects.xet.xorb import XorbIndex, read_xorb

__all__ = ["Cas"]

_DEPLOYMENT = "deployment_id"
_IndexOf = Callable[[str], XorbIndex]


class Cas:
    """Takes in xorbs and shards, and tells clients how to rebuild files from them."""

    def __init__(self, database: Database, store: ObjectStore, large_files: LargeFiles) -> None:
        self._database = database
        self._store = store
        self._large_files = large_files
        self.deployment_id = self._find_deployment_id()

    def new_body(self) -> NewFile:
        """Begin to take in the body of a xorb or a shard."""
        return self._store.new_file()

    def put_xorb(self, name: str, body: NewFile) -> bool:
        """Keep a xorb under its hash; False if it was there already.

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
            return self._keep_xorb(name, index, body)
        finally:
            body.discard()

    def put_shard(self, repo_pk: int, body: NewFile) -> bool:
        """Register the files of a shard for a repository; False if it had them all.

        Raises InvalidRequestError when the shard is malformed or claims anything that is not so;
        then nothing was registered.
        """
        index_of = self._indexes(InvalidRequestError)
        try:
            with body.reader() as stream:
                claims = {claim.hash: claim for claim in read_shard(stream) if claim.segments}
        finally:
            body.discard()
        files = [self._prove(claim, index_of) for claim in claims.values()]
        new = False
        with self._database.write() as session:
            for file in files:
                if session.get(XetFile, file.hash) is None:
                    session.add(file)
                found = LargeFile(file.sha256, file.size, file.hash)
                new |= self._large_files.link(session, repo_pk, found)
        return new

    def reconstruction(self, repo_pk: int, name: str, wanted: str | None) -> Reconstruction:
        """Say how to rebuild a file of the repository; ``wanted`` is a ``Range`` header.

        Raises NotFoundError for a file that is not the repository's, RangeNotSatisfiableError.
        """
        query = (
            select(XetFile)
            .join(RepoObject, RepoObject.xet_hash == XetFile.hash)
            .where(RepoObject.repo_pk == repo_pk, XetFile.hash == name)
        )
        with self._database.read() as session:
            file = session.scalars(query).one_or_none()
        if file is None:
            raise NotFoundError(f"The repository has no Xet file {name}.")
        span = ByteRange.parse(wanted, file.size) or ByteRange(0, file.size, file.size)
        return plan(file.segments, self._indexes(NotFoundError), span.start, span.stop)

    def read_xorb(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """Yield bytes of a serialized xorb, in pieces of at most 1 MiB."""
        return self._store.read(fan_out("xorbs", name), start, stop)

    def _keep_xorb(self, name: str, index: XorbIndex, body: NewFile) -> bool:
        key = fan_out("xorbs", name)
        hashes, lengths, ends = index.pack()
        # The same chunks can be compressed in many ways. File and index must come from the same
        # upload, so the database's write lock is held from the look to the row.
        with self._database.write() as session:
            if session.get(Xorb, name) is not None and self._store.exists(key):
                return False
            body.publish(key)
            row = Xorb(
                hash=name,
                size=index.size,
                raw_size=sum(index.lengths),
                chunk_hashes=hashes,
                raw_lengths=lengths,
                ends=ends,
            )
            session.merge(row)
        return True

    def _prove(self, claim: ClaimedFile, index_of: _IndexOf) -> XetFile:
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
        return XetFile(hash=claim.hash, size=size, sha256=sha256, segments=segments)

    def _known_sha256(self, name: str) -> str | None:
        with self._database.read() as session:
            file = session.get(XetFile, name)
        return None if file is None else file.sha256

    def _sha256(self, segments: list[tuple[str, int, int, int]], size: int) -> str:
        digest = hashlib.sha256()
        for piece in read_segments(self._database, self._store, segments, 0, size):
            digest.update(piece)
        return digest.hexdigest()

    def _indexes(self, error: type[InvalidRequestError | NotFoundError]) -> _IndexOf:
        @lru_cache(maxsize=256)
        def index_of(name: str) -> XorbIndex:
            index = load_index(self._database, name)
            if index is None:
                raise error(f"The hub has no xorb {name}; upload it first.")
            return index

        return index_of

    def _find_deployment_id(self) -> str:
        with self._database.write() as session:
            setting = session.get(Setting, _DEPLOYMENT)
            if setting is None:
                setting = Setting(key=_DEPLOYMENT, value=secrets.token_hex(8))
                session.add(setting)
            return setting.value


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
