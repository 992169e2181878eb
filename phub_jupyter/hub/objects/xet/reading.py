"""Rebuilds the bytes of Xet files from their xorbs, touching only the chunks that are needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from phub_jupyter.errors import HubError, InvalidRequestError, StorageError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Xorb
from phub_jupyter.hub.objects.file_part import FilePart
from phub_jupyter.hub.objects.store import ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.xorb import HEADER, XorbIndex, plain_chunk, unpack_chunks

__all__ = ["IndexOf", "Segment", "XetContent", "indexes", "load_index", "read_segments"]

Segment = tuple[str, int, int, int]  # xorb, first chunk, chunk behind the last, uncompressed bytes
IndexOf = Callable[[str], XorbIndex]

# Chunks have at most 128 KiB, so eight of them make a piece of at most 1 MiB.
_CHUNKS_PER_PIECE = 8
_CHUNKS_PER_BATCH = 32


def load_index(database: Database, xorb: str) -> XorbIndex | None:
    """Return the index of a xorb that the hub has, or None."""
    with database.read() as session:
        row = session.get(Xorb, xorb)
    if row is None:
        return None
    return XorbIndex.unpack(row.chunk_hashes, row.raw_lengths, row.ends)


def indexes(database: Database, error: type[HubError]) -> IndexOf:
    """Load indexes as they are needed; the segments of a file often go to and fro between a few.

    Raises ``error`` for a xorb that the hub does not have.
    """

    @lru_cache(maxsize=32)
    def index_of(name: str) -> XorbIndex:
        index = load_index(database, name)
        if index is None:
            raise error(f"The hub has no xorb {name}; upload it first.")
        return index

    return index_of


def read_segments(
    database: Database, store: ObjectStore, segments: Sequence[Segment], start: int, stop: int
) -> XetContent:
    """The bytes from ``start`` up to ``stop`` of the file that the segments make up.

    Reading raises StorageError when a xorb is missing or damaged.
    """
    return XetContent(database, store, segments, start, stop)


@dataclass(frozen=True, slots=True)
class _Run:
    """Chunks ``first`` to ``end`` of one xorb, without ``skip`` bytes, and ``left`` bytes long."""

    key: str
    index: XorbIndex
    first: int
    end: int
    skip: int
    left: int


class XetContent(Iterator[bytes]):
    """A part of a Xet file: pieces of at most 1 MiB, or `batches` of views."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        segments: Sequence[Segment],
        start: int,
        stop: int,
    ) -> None:
        self._database = database
        self._store = store
        self._runs = self._cut(segments, start, stop)
        self._pieces = (piece for run in self._runs for piece in self._unpacked(run))

    def __next__(self) -> bytes:
        return next(self._pieces)

    def batches(self) -> Generator[list[memoryview]]:
        """The pieces; chunks that are stored without compression are views of their file."""
        for run in self._runs:
            part = self._store.read(run.key, *run.index.byte_range(run.first, run.end))
            if isinstance(part, FilePart):
                with part.open() as file:
                    yield from self._views(run, file.fileno(), part.mapped(file))
            else:
                yield from ([memoryview(piece)] for piece in self._unpacked(run))

    def _cut(self, segments: Sequence[Segment], start: int, stop: int) -> Iterator[_Run]:
        # The segments of a file often go to and fro between a few xorbs.
        index_of = lru_cache(maxsize=32)(partial(load_index, self._database))
        behind = 0
        for xorb, first, end, length in segments:
            begin, behind = behind, behind + length
            if behind <= start:
                continue
            if begin >= stop:
                return
            index = index_of(xorb)
            if index is None:
                raise StorageError(f"The hub has lost the xorb {xorb}; run 'phub check'.")
            low, high = max(start - begin, 0), min(stop - begin, length)
            first, end, skip = index.trim(first, end, low, high)
            yield _Run(fan_out("xorbs", xorb), index, first, end, skip, high - low)

    def _unpacked(self, run: _Run) -> Iterator[bytes]:
        skip, left = run.skip, run.left
        for at in range(run.first, run.end, _CHUNKS_PER_PIECE):
            span = run.index.byte_range(at, min(at + _CHUNKS_PER_PIECE, run.end))
            piece = _unpack(run, b"".join(self._store.read(run.key, *span)))
            wanted = piece[skip : skip + left]
            skip = 0
            left -= len(wanted)
            yield wanted

    def _views(self, run: _Run, descriptor: int, mapped: memoryview) -> Iterator[list[memoryview]]:
        skip, left = run.skip, run.left
        batch: list[memoryview] = []
        for chunk in range(run.first, run.end):
            start, stop = run.index.byte_range(chunk, chunk + 1)
            length = min(run.index.lengths[chunk] - skip, left)
            if run.index.may_be_plain(chunk) and plain_chunk(os.pread(descriptor, HEADER, start)):
                view = mapped[start + HEADER : stop]
            else:
                view = memoryview(_unpack(run, os.pread(descriptor, stop - start, start)))
            batch.append(view[skip : skip + length])
            skip = 0
            left -= length
            if len(batch) == _CHUNKS_PER_BATCH:
                yield batch
                batch = []
        yield batch


def _unpack(run: _Run, packed: bytes) -> bytes:
    try:
        return b"".join(unpack_chunks(packed))
    except InvalidRequestError as error:
        raise StorageError(f"The stored object {run.key} is damaged: {error.message}") from error
