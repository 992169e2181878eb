"""Xorbs: every compression is undone, every lie is found."""

from __future__ import annotations

import io
import os

import lz4.frame
import pytest

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.objects.xet.hashing import chunk_hash, to_text
from phub_jupyter.hub.objects.xet.xorb import XorbIndex, read_xorb, unpack_chunks

from .xet_bodies import ClientXorb, packed_chunk

TEXT = b"the same words again and again, " * 1000
CHUNKS = (os.urandom(20_000), TEXT, TEXT + b"?!", os.urandom(131072), b"xyz", TEXT + b".")


@pytest.mark.parametrize("scheme", [0, 1, 2])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 7, 8, 131072])
def test_each_compression_is_undone(scheme: int, length: int) -> None:
    data = os.urandom(length)
    body = packed_chunk(data, scheme)
    assert b"".join(unpack_chunks(body * 3)) == data * 3
    index = read_xorb(io.BytesIO(body))
    assert index == XorbIndex((length,), (len(body),), (chunk_hash(data),))


def test_a_xorb_gives_its_index_and_stops_at_an_old_footer() -> None:
    xorb = ClientXorb(CHUNKS)
    index = read_xorb(io.BytesIO(xorb.body))
    assert to_text(index.hash) == xorb.hash
    assert index.size == len(xorb.body)
    assert index.lengths == tuple(map(len, CHUNKS))
    assert read_xorb(io.BytesIO(xorb.body + xorb.old_footer())) == index
    assert XorbIndex.unpack(*index.pack()) == index
    first, behind = index.byte_range(1, 3)
    assert b"".join(unpack_chunks(xorb.body[first:behind])) == CHUNKS[1] + CHUNKS[2]


def test_trimming_keeps_the_chunks_that_hold_the_bytes() -> None:
    index = read_xorb(io.BytesIO(ClientXorb((b"aaaa", b"bbbb", b"cccc", b"dddd")).body))
    assert index.trim(0, 4, 0, 16) == (0, 4, 0)
    assert index.trim(0, 4, 4, 8) == (1, 2, 0)
    assert index.trim(0, 4, 5, 9) == (1, 3, 1)
    assert index.trim(1, 4, 5, 12) == (2, 4, 1)
    assert index.trim(0, 4, 15, 16) == (3, 4, 3)


GOOD = packed_chunk(TEXT, 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no chunks"),
        (b"XETBLOB\1" + bytes(100), "no chunks"),
        (GOOD[:-1], "cut off"),
        (GOOD + GOOD[:5], "cut off"),
        (b"\1" + GOOD[1:], "header"),
        (GOOD[:4] + b"\3" + GOOD[5:], "compression 3"),
        (GOOD[:5] + bytes(3) + GOOD[8:], "header"),
        (GOOD[:5] + (131073).to_bytes(3, "little") + GOOD[8:], "header"),
        (GOOD[:5] + (len(TEXT) - 1).to_bytes(3, "little") + GOOD[8:], "unpack"),
        (GOOD[:5] + (len(TEXT) + 1).to_bytes(3, "little") + GOOD[8:], "unpack"),
        (GOOD[:8] + b"junk" + GOOD[12:], "LZ4"),
        (packed_chunk(b"plain", 0)[:5] + b"\4\0\0plain", "unpack"),
        (packed_chunk(b"x", 0) * 8193, "8192"),
        (packed_chunk(bytes(131072), 1) * 513, "64 MiB"),
    ],
)
def test_a_malformed_xorb_is_refused_with_a_reason(body: bytes, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        read_xorb(io.BytesIO(body))


def test_a_frame_that_would_unpack_to_far_too_much_is_not_unpacked() -> None:
    bomb = lz4.frame.compress(bytes(300_000_000))
    head = b"\0" + len(bomb).to_bytes(3, "little") + b"\1" + (1000).to_bytes(3, "little")
    with pytest.raises(InvalidRequestError, match="unpack"):
        read_xorb(io.BytesIO(head + bomb))
