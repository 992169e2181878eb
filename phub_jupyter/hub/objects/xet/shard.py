"""Shards: the records by which a client says of which chunks its files consist."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.objects.xet.hashing import to_text

__all__ = [
    "BOOKEND_RECORD",
    "LARGEST_SHARD",
    "TAG",
    "VERSION",
    "ClaimedFile",
    "ClaimedSegment",
    "Shard",
    "read_shard",
]

LARGEST_SHARD = 72 << 20

TAG = b"HFRepoMetaData\0" + bytes.fromhex("556967456a7b815783a5bdd95ccdd14aa9")
VERSION = 2
_RECORD = 48
_BOOKEND = b"\xff" * 32
BOOKEND_RECORD = _BOOKEND + bytes(_RECORD - len(_BOOKEND))
_WITH_PROOFS = 1 << 31
_WITH_SHA256 = 1 << 30
_WORTH_FINDING = 1 << 31
_MOST_FLAGGED = 4096

_HEADER = struct.Struct("<32sQQ")
_BLOCK = struct.Struct("<32sII8x")
_SEGMENT = struct.Struct("<32sIIII")
_CHUNK = struct.Struct("<32sIIII")


@dataclass(frozen=True, slots=True)
class ClaimedSegment:
    """Chunks ``start`` up to ``end`` of a xorb; ``proof`` shows that the client has them."""

    xorb: str
    start: int
    end: int
    size: int
    proof: bytes


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file as the client describes it. ``sha256`` is None when the client did not say."""

    hash: str
    segments: tuple[ClaimedSegment, ...]
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Shard:
    """What a client wants to be registered; ``flagged`` chunks it thinks worth looking for."""

    files: tuple[ClaimedFile, ...]
    flagged: frozenset[bytes]


def read_shard(stream: BinaryIO) -> Shard:
    """Read a shard; tables and footer, which old clients add, are not looked at.

    What it says of xorbs is not used beyond the flags: the hub believes the xorbs that it
    received. Raises InvalidRequestError when the shard is malformed or cut off.
    """
    tag, version, _ = _HEADER.unpack(_record(stream))
    if tag != TAG or version != VERSION:
        raise InvalidRequestError("shard: it does not begin as a shard of version 2 does.")
    files: list[ClaimedFile] = []
    while (record := _record(stream))[:32] != _BOOKEND:
        files.append(_read_file(stream, record))
    flagged: set[bytes] = set()
    while (record := _record(stream))[:32] != _BOOKEND:
        _, _, count = _BLOCK.unpack(record)
        for _ in range(count):
            digest, _, _, flags, _ = _CHUNK.unpack(_record(stream))
            if flags & _WORTH_FINDING and len(flagged) < _MOST_FLAGGED:
                flagged.add(digest)
    return Shard(tuple(files), frozenset(flagged))


def _read_file(stream: BinaryIO, record: bytes) -> ClaimedFile:
    digest, flags, count = _BLOCK.unpack(record)
    name = to_text(digest)
    claims = [_SEGMENT.unpack(_record(stream)) for _ in range(count)]
    if count and not flags & _WITH_PROOFS:
        raise InvalidRequestError(f"shard: file {name} comes without verification hashes.")
    proofs = [_record(stream)[:32] for _ in claims] if flags & _WITH_PROOFS else []
    sha256 = to_text(_record(stream)[:32]) if flags & _WITH_SHA256 else None
    segments = (
        ClaimedSegment(to_text(xorb), start, end, size, proof)
        for (xorb, _, size, start, end), proof in zip(claims, proofs, strict=True)
    )
    return ClaimedFile(name, tuple(segments), sha256)


def _record(stream: BinaryIO) -> bytes:
    record = stream.read(_RECORD)
    if len(record) != _RECORD:
        raise InvalidRequestError("shard: it is cut off; upload it again.")
    return record
