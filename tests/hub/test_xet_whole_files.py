"""Whole files as xorbs that are nowhere stored."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from phub_jupyter.errors import NotFoundError, StorageError
from phub_jupyter.hub.objects.large_files import LargeFile
from phub_jupyter.hub.objects.store import fan_out
from phub_jupyter.hub.objects.xet.hashing import file_hash, to_text
from phub_jupyter.hub.objects.xet.reconstruction import Reconstruction
from phub_jupyter.hub.objects.xet.whole_files import OutlineMaker, WholeXorb
from phub_jupyter.hub.objects.xet.xorb import read_xorb, unpack_chunks

from .objects_fixtures import Objects, open_objects
from .test_xet_cas import FILE, OTHER
from .test_xet_cas import XORB as CLIENT_XORB
from .xet_bodies import shard

pytestmark = pytest.mark.both_stores

CHUNK = 128 << 10
XORB = 512 * CHUNK
DATA = random.Random(2).randbytes(XORB + 3 * CHUNK + 77)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[Objects]:
    yield from open_objects(tmp_path)


@pytest.fixture
def file(objects: Objects) -> LargeFile:
    return objects.upload(objects.here, DATA, SHA256)


def fetched(objects: Objects, found: Reconstruction, start: int, stop: int) -> bytes:
    """What a client makes of the answer to a query."""
    content: dict[tuple[str, int], bytes] = {}
    for fetch in found.fetches:
        source = found.whole[fetch.xorb]
        packed = objects.cas.read_xorb(fetch.xorb, fetch.first_byte, fetch.last_byte + 1, source)
        for number, chunk in enumerate(unpack_chunks(b"".join(packed)), fetch.start):
            content[fetch.xorb, number] = chunk
    parts = (content[t.xorb, at] for t in found.terms for at in range(t.start, t.end))
    return b"".join(parts)[found.offset : found.offset + stop - start]


def test_each_xorb_is_one_as_clients_send_them(objects: Objects, file: LargeFile) -> None:
    found = objects.cas.reconstruction(objects.here, str(file.whole_hash), None)
    assert [(term.xorb, term.raw_size) for term in found.terms] == [
        (fetch.xorb, size)
        for fetch, size in zip(found.fetches, (XORB, 3 * CHUNK + 77), strict=True)
    ]
    chunks = []
    for fetch in found.fetches:
        source = found.whole[fetch.xorb]
        body = b"".join(objects.cas.read_xorb(fetch.xorb, 0, fetch.last_byte + 1, source))
        index = read_xorb(io.BytesIO(body))
        assert (to_text(index.hash), index.size) == (fetch.xorb, len(body))
        chunks += index.chunks(0, fetch.end)
    assert to_text(file_hash(chunks)) == file.whole_hash == file.offered_hash


def test_any_part_comes_back_both_ways(objects: Objects, file: LargeFile) -> None:
    choice = random.Random(3)
    edges = [0, 7, 8, 9, CHUNK + 8, 2 * (CHUNK + 8) - 1, 3 * (CHUNK + 8) + 85]
    second = WholeXorb(SHA256, len(DATA), 1)
    whole = b"".join(second.read(objects.store, 0, edges[-1]))
    pairs = [(a, b) for a in edges for b in edges if a < b]
    pairs += [sorted(choice.sample(range(edges[-1]), 2)) for _ in range(15)]  # type: ignore[misc]
    for start, stop in pairs:
        assert b"".join(second.read(objects.store, start, stop)) == whole[start:stop]
        batches = second.read(objects.store, start, stop).batches()
        assert b"".join(bytes(view) for views in batches for view in views) == whole[start:stop]


def test_parts_of_the_file_are_rebuilt_from_the_parts_that_are_needed(
    objects: Objects, file: LargeFile
) -> None:
    name = str(file.whole_hash)
    choice = random.Random(4)
    spans = [(0, 1), (XORB - 1, XORB + 1), (XORB, len(DATA)), (len(DATA) - 1, len(DATA))]
    spans += [sorted(choice.sample(range(len(DATA)), 2)) for _ in range(5)]  # type: ignore[misc]
    for start, stop in spans:
        found = objects.cas.reconstruction(objects.here, name, f"bytes={start}-{stop - 1}")
        assert fetched(objects, found, start, stop) == DATA[start:stop]
        sent = sum(fetch.last_byte + 1 - fetch.first_byte for fetch in found.fetches)
        assert sent <= stop - start + 2 * CHUNK + 8 * (2 + (stop - start) // CHUNK + 1)


def test_the_way_in_which_bytes_arrive_does_not_matter() -> None:
    data = DATA[: 3 * CHUNK + 5]
    at_once, in_pieces = OutlineMaker(), OutlineMaker()
    at_once.write(data)
    choice, at = random.Random(5), 0
    while at < len(data):
        step = choice.choice([0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1])
        in_pieces.write(data[at : at + step])
        at += step
    assert at_once.finish() == in_pieces.finish()
    assert OutlineMaker().finish().xorbs == ()


def test_only_repositories_that_have_the_file_tell_how_it_is_made_up(
    objects: Objects, file: LargeFile
) -> None:
    name = str(file.whole_hash)
    assert objects.cas.size_of_file(objects.here, name) == len(DATA)
    with pytest.raises(NotFoundError):
        objects.cas.reconstruction(objects.there, name, None)
    with objects.database.read() as session:
        assert objects.large_files.named(session, objects.here, [name, "0" * 64]) == {name: file}
        assert objects.large_files.named(session, objects.there, [name]) == {}


def test_a_file_that_comes_both_ways_is_offered_as_xorbs_and_found_by_both_names(
    objects: Objects,
) -> None:
    sha256 = hashlib.sha256(FILE.content).hexdigest()
    whole = objects.upload(objects.here, FILE.content, sha256)
    for xorb in (CLIENT_XORB, OTHER):
        objects.put_xorb(xorb.hash, xorb.body)
    objects.put_shard(objects.here, shard([FILE]))
    found = objects.large_files.find(objects.here, [sha256])[sha256]
    assert found.offered_hash == found.xet_hash == FILE.hash != whole.offered_hash
    for name in (FILE.hash, str(whole.whole_hash)):
        assert objects.cas.size_of_file(objects.here, name) == len(FILE.content)
        with objects.database.read() as session:
            known = objects.large_files.named(session, objects.here, [name])[name]
        assert b"".join(objects.large_files.read(known)) == FILE.content


def test_a_file_that_was_cut_off_is_an_error_and_never_other_bytes(objects: Objects) -> None:
    data = DATA[: 2 * CHUNK]
    sha256 = hashlib.sha256(data).hexdigest()
    objects.upload(objects.here, data, sha256)
    part = WholeXorb(sha256, len(data), 0).read(objects.store, 0, 2 * (CHUNK + 8))
    objects.damage(fan_out("lfs", sha256), data[:-1])
    with pytest.raises(StorageError):
        b"".join(bytes(view) for views in part.batches() for view in views)
