"""Xorbs: up to 64 MiB of compressed chunks in a row. Parsed and checked here, chunk by chunk."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

import lz4.frame

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.objects.xet.hashing import Chunk, chunk_hash, range_hash, tree_hash

__all__ = [
    "HEADER",
    "LARGEST_CHUNK",
    "LARGEST_XORB",
    "XorbIndex",
    "XorbLayout",
    "plain_chunk",
    "plain_header",
    "read_xorb",
    "unpack_chunks",
]

# 64 MiB of chunks, their headers, and the footer that old clients add, with some room.
LARGEST_XORB = 72 << 20

LARGEST_CHUNK = 128 << 10
_MOST_CHUNKS = 8192
_LARGEST_CONTENT = 64 << 20
HEADER = 8
"""Bytes before each chunk of a serialized xorb."""
_FOOTER_IDENT = b"XETBLOB"


@dataclass(frozen=True, slots=True)
class XorbLayout:
    """How long the chunks of a xorb are, and where each ends in the serialized xorb."""

    lengths: tuple[int, ...]
    ends: tuple[int, ...]

    @property
    def size(self) -> int:
        """The size of the serialized xorb."""
        return self.ends[-1]

    def raw_size(self, start: int, end: int) -> int:
        """Return how many bytes these chunks have before compression."""
        return sum(self.lengths[start:end])

    def byte_range(self, start: int, end: int) -> tuple[int, int]:
        """Return where these chunks lie in the serialized xorb: first byte, byte behind."""
        return (self.ends[start - 1] if start else 0), self.ends[end - 1]

    def may_be_plain(self, chunk: int) -> bool:
        """Whether the chunk is as long as one that is stored without compression."""
        start, stop = self.byte_range(chunk, chunk + 1)
        return stop - start == HEADER + self.lengths[chunk]

    def trim(self, start: int, end: int, first: int, stop: int) -> tuple[int, int, int]:
        """Narrow chunks ``start`` to ``end`` to those that hold bytes ``first`` up to ``stop``.

        Offsets are counted from the first byte of chunk ``start``. Returns the new start and end
        and how many bytes of the first kept chunk come before ``first``.
        """
        behind = list(accumulate(self.lengths[start:end]))
        low = next(at for at, offset in enumerate(behind) if offset > first)
        high = next(at for at, offset in enumerate(behind) if offset >= stop)
        return start + low, start + high + 1, first - (behind[low - 1] if low else 0)


@dataclass(frozen=True, slots=True)
class XorbIndex(XorbLayout):
    """A layout, and what the chunks are."""

    hashes: tuple[bytes, ...]

    @classmethod
    def unpack(cls, hashes: bytes, lengths: bytes, ends: bytes) -> XorbIndex:
        """Read the form in which the database keeps an index."""
        return cls(
            struct.unpack(f"<{len(lengths) // 4}I", lengths),
            struct.unpack(f"<{len(ends) // 4}I", ends),
            tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32)),
        )

    def pack(self) -> tuple[bytes, bytes, bytes]:
        """Return hashes, lengths and ends as the database keeps them."""
        form = f"<{len(self.lengths)}I"
        return (
            b"".join(self.hashes),
            struct.pack(form, *self.lengths),
            struct.pack(form, *self.ends),
        )

    @property
    def hash(self) -> bytes:
        """The hash of the xorb."""
        return tree_hash(self.chunks(0, len(self.lengths)))

    def chunks(self, start: int, end: int) -> list[Chunk]:
        """Return hash and length of the chunks from ``start`` up to ``end``."""
        return list(zip(self.hashes[start:end], self.lengths[start:end], strict=True))

    def proof(self, start: int, end: int) -> bytes:
        """Return the hash by which an uploader shows to have these chunks."""
        return range_hash(self.hashes[start:end])


def read_xorb(stream: BinaryIO) -> XorbIndex:
    """Check every chunk of a serialized xorb and return its index; stops at an old footer.

    Raises InvalidRequestError that names the first bad chunk.
    """
    hashes: list[bytes] = []
    lengths: list[int] = []
    ends: list[int] = []
    offset = 0
    content = 0
    while (header := stream.read(HEADER)) and header[:7] != _FOOTER_IDENT:
        where = f"xorb: chunk {len(hashes)} at byte {offset}"
        packed, scheme, length = _read_header(header, where)
        payload = stream.read(packed)
        if len(payload) != packed:
            raise InvalidRequestError(f"{where} is cut off; upload the xorb again.")
        hashes.append(chunk_hash(_decompress(payload, scheme, length, where)))
        lengths.append(length)
        offset += HEADER + packed
        content += length
        ends.append(offset)
        if len(hashes) > _MOST_CHUNKS or content > _LARGEST_CONTENT:
            raise InvalidRequestError("xorb: more than 8192 chunks or 64 MiB of content.")
    if not hashes:
        raise InvalidRequestError("xorb: it has no chunks.")
    return XorbIndex(tuple(lengths), tuple(ends), tuple(hashes))


def plain_header(length: int) -> bytes:
    """What stands before a chunk of so many bytes that is stored without compression."""
    size = length.to_bytes(3, "little")
    return bytes(1) + size + bytes(1) + size


def plain_chunk(header: bytes) -> bool:
    """Whether the chunk behind this header is stored without compression."""
    return len(header) == HEADER and header[4] == 0


def unpack_chunks(data: bytes) -> Iterator[bytes]:
    """Yield the uncompressed bytes of each chunk in a part of a serialized xorb."""
    offset = 0
    while offset < len(data):
        where = f"xorb: chunk at byte {offset}"
        packed, scheme, length = _read_header(data[offset : offset + HEADER], where)
        offset += HEADER
        yield _decompress(data[offset : offset + packed], scheme, length, where)
        offset += packed


def _read_header(header: bytes, where: str) -> tuple[int, int, int]:
    if len(header) < HEADER:
        raise InvalidRequestError(f"{where} is cut off; upload the xorb again.")
    packed = int.from_bytes(header[1:4], "little")
    length = int.from_bytes(header[5:8], "little")
    if header[0] != 0 or not 0 < length <= LARGEST_CHUNK:
        raise InvalidRequestError(f"{where} has a header that is not that of a chunk.")
    return packed, header[4], length


def _decompress(payload: bytes, scheme: int, length: int, where: str) -> bytes:
    if scheme == 0:
        data = payload
    elif scheme in (1, 2):
        try:
            # One byte more than announced is enough to see that a frame is too long.
            data = lz4.frame.LZ4FrameDecompressor().decompress(payload, max_length=length + 1)
        except RuntimeError as error:
            raise InvalidRequestError(f"{where} is not an LZ4 frame: {error}.") from error
    else:
        raise InvalidRequestError(f"{where} has compression {scheme}; use 0, 1 or 2.")
    if len(data) != length:
        raise InvalidRequestError(f"{where} does not unpack to the {length} bytes it announces.")
    return _ungroup(data) if scheme == 2 else bytes(data)


def _ungroup(data: bytes) -> bytes:
    """Undo the grouping of every fourth byte that helps to compress numbers."""
    plain = bytearray(len(data))
    start = 0
    for lane in range(4):
        count = (len(data) - lane + 3) // 4
        plain[lane::4] = data[start : start + count]
        start += count
    return bytes(plain)
