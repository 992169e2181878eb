"""The hashes of Xet: of chunks, of lists of chunks (xorbs, ranges) and of files.

The text form of a hash is that of four little-endian 64-bit numbers, not the hex of its bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence

from blake3 import blake3

from phub_jupyter.errors import InvalidRequestError

__all__ = [
    "EMPTY",
    "Chunk",
    "ChunkHasher",
    "chunk_hash",
    "file_hash",
    "from_text",
    "range_hash",
    "to_text",
    "tree_hash",
]

Chunk = tuple[bytes, int]  # hash, length before compression

EMPTY = bytes(32)

_DATA_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_RANGE_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
_FILE_KEY = bytes(32)

_TEXT = re.compile(r"[0-9a-f]{64}")
_WORDS = struct.Struct("<4Q")
_LARGEST_GROUP = 9


def to_text(digest: bytes) -> str:
    """Return the form in which a hash stands in addresses, JSON and the database."""
    return "".join(f"{word:016x}" for word in _WORDS.unpack(digest))


def from_text(text: str) -> bytes:
    """Read the text form. Raises InvalidRequestError."""
    if not _TEXT.fullmatch(text):
        raise InvalidRequestError(f"hash: '{text}' is not 64 lower-case hexadecimal digits.")
    return _WORDS.pack(*(int(text[at : at + 16], 16) for at in range(0, 64, 16)))


def chunk_hash(data: bytes) -> bytes:
    """Hash the uncompressed bytes of a chunk."""
    return blake3(data, key=_DATA_KEY).digest()


class ChunkHasher:
    """Hashes a chunk whose bytes come one after another."""

    def __init__(self) -> None:
        self.length = 0
        self._hash = blake3(key=_DATA_KEY)

    def update(self, data: bytes | memoryview) -> None:
        """Go on with the next bytes of the chunk."""
        self._hash.update(data)
        self.length += len(data)

    def digest(self) -> bytes:
        """The hash of what was given so far, the same as `chunk_hash` of all of it."""
        return self._hash.digest()


def range_hash(hashes: Iterable[bytes]) -> bytes:
    """Hash a run of chunk hashes: whoever can name it has seen the chunks."""
    return blake3(b"".join(hashes), key=_RANGE_KEY).digest()


def tree_hash(chunks: Sequence[Chunk]) -> bytes:
    """Hash a list of chunks; this is the hash of a xorb that holds just them."""
    nodes = list(chunks)
    while len(nodes) > 1:
        nodes = [_parent(group) for group in _groups(nodes)]
    return nodes[0][0] if nodes else EMPTY


def file_hash(chunks: Sequence[Chunk]) -> bytes:
    """Hash a file, given as the list of its chunks."""
    if not chunks:
        return EMPTY
    return blake3(tree_hash(chunks), key=_FILE_KEY).digest()


def _groups(nodes: list[Chunk]) -> Iterable[list[Chunk]]:
    start = 0
    while start < len(nodes):
        stop = min(start + _LARGEST_GROUP, len(nodes))
        if len(nodes) - start > 2:
            ends = (at + 1 for at in range(start + 2, stop) if _ends_group(nodes[at][0]))
            stop = next(ends, stop)
        yield nodes[start:stop]
        start = stop


def _ends_group(digest: bytes) -> bool:
    # The last little-endian number is divisible by 4 when its lowest two bits are zero.
    return digest[24] & 3 == 0


def _parent(group: list[Chunk]) -> Chunk:
    text = "".join(f"{to_text(digest)} : {length}\n" for digest, length in group)
    return blake3(text.encode(), key=_NODE_KEY).digest(), sum(length for _, length in group)
