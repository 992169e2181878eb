"""Rebuilds the bytes of Xet files from their xorbs, touching only the chunks that are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial

from phub_jupyter.errors import HubError, InvalidRequestError, StorageError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Xorb
from phub_jupyter.hub.objects.store import ObjectStore, fan_out
from phub_jupyter.hub.objects.xet.xorb import XorbIndex, unpack_chunks

__all__ = ["IndexOf", "Segment", "indexes", "load_index", "read_segments"]

Segment = tuple[str, int, int, int]  # xorb, first chunk, chunk behind the last, uncompressed bytes
IndexOf = Callable[[str], XorbIndex]

# Chunks have at most 128 KiB, so eight of them make a piece of at most 1 MiB.
_CHUNKS_PER_PIECE = 8


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
) -> Iterator[bytes]:
    """Yield the bytes from ``start`` up to ``stop`` of the file that the segments make up.

    Raises StorageError when a xorb is missing or damaged.
    """
    # The segments of a file often go to and fro between a few xorbs.
    index_of = lru_cache(maxsize=32)(partial(load_index, database))
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
        left = high - low
        for piece in _pieces(store, xorb, index, first, end):
            wanted = piece[skip : skip + left]
            skip = 0
            left -= len(wanted)
            yield wanted


def _pieces(
    store: ObjectStore, xorb: str, index: XorbIndex, start: int, end: int
) -> Iterator[bytes]:
    for at in range(start, end, _CHUNKS_PER_PIECE):
        span = index.byte_range(at, min(at + _CHUNKS_PER_PIECE, end))
        packed = b"".join(store.read(fan_out("xorbs", xorb), *span))
        try:
            yield b"".join(unpack_chunks(packed))
        except InvalidRequestError as error:
            raise StorageError(f"The stored xorb {xorb} is damaged: {error.message}") from error
