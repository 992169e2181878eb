"""Xorbs and shards as a client would write them, and ways to write them wrong."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import lz4.frame

from phub_jupyter.hub.objects.xet.hashing import (
    chunk_hash,
    file_hash,
    from_text,
    range_hash,
    to_text,
    tree_hash,
)

TAG = b"HFRepoMetaData\0" + bytes.fromhex("556967456a7b815783a5bdd95ccdd14aa9")
BOOKEND = b"\xff" * 32 + bytes(16)


def grouped(data: bytes) -> bytes:
    """Every fourth byte together, as scheme 2 has it."""
    return b"".join(data[lane::4] for lane in range(4))


def packed_chunk(data: bytes, scheme: int) -> bytes:
    payload = data
    if scheme == 1:
        payload = lz4.frame.compress(data)
    if scheme == 2:
        payload = lz4.frame.compress(grouped(data))
    head = b"\0" + len(payload).to_bytes(3, "little") + bytes([scheme])
    return head + len(data).to_bytes(3, "little") + payload


@dataclass(frozen=True)
class ClientXorb:
    """A xorb with chunks that the client has; schemes take turns."""

    chunks: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        return b"".join(packed_chunk(chunk, at % 3) for at, chunk in enumerate(self.chunks))

    @property
    def hash(self) -> str:
        return to_text(tree_hash([(chunk_hash(chunk), len(chunk)) for chunk in self.chunks]))

    def old_footer(self) -> bytes:
        """What hf_xet 1.1 puts behind the chunks, shortened to what a parser must stop at."""
        return b"XETBLOB\1" + from_text(self.hash) + b"XBLBHSH\0" + bytes(40)


@dataclass(frozen=True)
class ClientSegment:
    """A run of chunks; ``size`` and ``proof`` can be made wrong on the wire."""

    xorb: ClientXorb
    start: int
    end: int
    size: int | None = None
    proof: bytes | None = None

    @property
    def chunks(self) -> tuple[bytes, ...]:
        return self.xorb.chunks[self.start : self.end]

    def record(self) -> bytes:
        size = sum(map(len, self.chunks)) if self.size is None else self.size
        return struct.pack("<32sIIII", from_text(self.xorb.hash), 0, size, self.start, self.end)

    def proof_record(self) -> bytes:
        proof = range_hash(map(chunk_hash, self.chunks)) if self.proof is None else self.proof
        return proof + bytes(16)


@dataclass(frozen=True)
class ClientFile:
    """A file of such runs."""

    segments: tuple[ClientSegment, ...]
    claimed_hash: str | None = None
    claimed_sha256: str | None = None

    @property
    def content(self) -> bytes:
        return b"".join(b"".join(segment.chunks) for segment in self.segments)

    @property
    def hash(self) -> str:
        if self.claimed_hash is not None:
            return self.claimed_hash
        chunks = [chunk for segment in self.segments for chunk in segment.chunks]
        return to_text(file_hash([(chunk_hash(chunk), len(chunk)) for chunk in chunks]))

    def block(self) -> bytes:
        flags = 1 << 31 | (1 << 30 if self.claimed_sha256 else 0)
        head = struct.pack("<32sII8x", from_text(self.hash), flags, len(self.segments))
        records = [segment.record() for segment in self.segments]
        proofs = [segment.proof_record() for segment in self.segments]
        # A SHA-256 stands in a shard in the byte order of Xet hashes.
        sha256 = [from_text(self.claimed_sha256) + bytes(16)] if self.claimed_sha256 else []
        return b"".join([head, *records, *proofs, *sha256])


def shard(files: Sequence[ClientFile], xorbs: Sequence[ClientXorb] = ()) -> bytes:
    blocks = []
    for xorb in xorbs:
        total = sum(map(len, xorb.chunks))
        blocks.append(struct.pack("<32sIIII", from_text(xorb.hash), 0, len(xorb.chunks), total, 0))
        offset = 0
        for chunk in xorb.chunks:
            blocks.append(struct.pack("<32sII8x", chunk_hash(chunk), offset, len(chunk)))
            offset += len(chunk)
    body = [file.block() for file in files]
    return b"".join([TAG, struct.pack("<QQ", 2, 0), *body, BOOKEND, *blocks, BOOKEND])
