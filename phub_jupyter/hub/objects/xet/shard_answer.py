"""Writes the shards by which the hub tells a client which chunks it need not send.

Hashes of chunks stand in them under a key that is fresh for every answer: a client can recognize
chunks that it has, and learns nothing of the others.
"""

from __future__ import annotations

import secrets
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from blake3 import blake3

from phub_jupyter.hub.objects.xet.hashing import from_text
from phub_jupyter.hub.objects.xet.shard import BOOKEND_RECORD, TAG, VERSION
from phub_jupyter.hub.objects.xet.xorb import XorbIndex

__all__ = ["ShownXorb", "write_answer"]

_HEADER = struct.Struct("<32sQQ")
_XORB = struct.Struct("<32sIIII")
_CHUNK = struct.Struct("<32sIIII")
_FOOTER = struct.Struct("<9Q32s2Q6Q3QQ")
_FOOTER_VERSION = 1


@dataclass(frozen=True, slots=True)
class ShownXorb:
    """A xorb, and which of its chunks (by their place) the client may know of."""

    name: str
    index: XorbIndex
    places: frozenset[int]


def write_answer(xorbs: Iterable[ShownXorb], lifetime: timedelta) -> bytes:
    """A shard without files, with a footer that carries the key and its end."""
    key = secrets.token_bytes(32)
    start = _HEADER.pack(TAG, VERSION, _FOOTER.size) + BOOKEND_RECORD
    body = b"".join(_block(xorb, key) for xorb in xorbs) + BOOKEND_RECORD
    now = int(time.time())
    end = len(start) + len(body)
    footer = _FOOTER.pack(
        _FOOTER_VERSION,
        _HEADER.size,  # files
        len(start),  # xorbs
        *(end, 0) * 3,  # three tables to look things up, all empty
        key,
        now,
        now + int(lifetime.total_seconds()),
        *(0,) * 9,
        end,
    )
    return start + body + footer


def _block(xorb: ShownXorb, key: bytes) -> bytes:
    lengths = xorb.index.lengths
    records = [_XORB.pack(from_text(xorb.name), 0, len(lengths), sum(lengths), xorb.index.size)]
    offset = 0
    for place, (digest, length) in enumerate(zip(xorb.index.hashes, lengths, strict=True)):
        # A chunk that the client may not know of keeps its place, under a name that is nothing's.
        shown = (
            blake3(digest, key=key).digest() if place in xorb.places else secrets.token_bytes(32)
        )
        records.append(_CHUNK.pack(shown, offset, length, 0, 0))
        offset += length
    return b"".join(records)
