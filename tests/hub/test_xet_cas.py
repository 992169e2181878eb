"""The Xet store: nothing is believed, nothing leaves its repository, what is read is right."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator, Sequence
from mmap import mmap
from pathlib import Path

import pytest

from phub_jupyter.errors import InvalidRequestError, NotFoundError, RangeNotSatisfiableError
from phub_jupyter.hub.database.tables import XetFile
from phub_jupyter.hub.objects.file_part import Batches
from phub_jupyter.hub.objects.large_files import LargeFile
from phub_jupyter.hub.objects.store import fan_out
from phub_jupyter.hub.objects.xet.cas import Cas
from phub_jupyter.hub.objects.xet.reconstruction import Fetch
from phub_jupyter.hub.objects.xet.xorb import unpack_chunks

from .objects_fixtures import Objects, open_objects
from .xet_bodies import ClientFile, ClientSegment, ClientXorb, packed_chunk, shard

pytestmark = pytest.mark.both_stores

_RANDOM = random.Random(7)
XORB = ClientXorb(tuple(_RANDOM.randbytes(_RANDOM.randint(1, 131072)) for _ in range(30)))
OTHER = ClientXorb(tuple(b"%d " % at * 5000 for at in range(5)))
FILE = ClientFile(
    (
        ClientSegment(XORB, 3, 20),
        ClientSegment(OTHER, 0, 5),
        ClientSegment(XORB, 10, 22),
        ClientSegment(XORB, 25, 26),
    )
)
SHA256 = hashlib.sha256(FILE.content).hexdigest()
NAMED = ClientFile(FILE.segments, claimed_sha256=SHA256)


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[Objects]:
    yield from open_objects(tmp_path)


@pytest.fixture
def stored(objects: Objects) -> Objects:
    for xorb in (XORB, OTHER):
        assert objects.put_xorb(xorb.hash, xorb.body)
    return objects


def test_a_xorb_is_kept_once_without_its_footer(objects: Objects) -> None:
    assert objects.put_xorb(XORB.hash, XORB.body + XORB.old_footer())
    assert not objects.put_xorb(XORB.hash, XORB.body)
    assert b"".join(objects.store.read(fan_out("xorbs", XORB.hash))) == XORB.body
    assert objects.kept() == [XORB.hash]


def test_the_first_form_of_a_xorb_stays(objects: Objects) -> None:
    objects.put_xorb(XORB.hash, XORB.body)
    stored = b"".join(packed_chunk(chunk, 0) for chunk in XORB.chunks)
    assert stored != XORB.body
    assert not objects.put_xorb(XORB.hash, stored)
    assert b"".join(objects.store.read(fan_out("xorbs", XORB.hash))) == XORB.body


def test_a_lost_xorb_can_be_uploaded_again_in_another_form(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    stored.store.delete(fan_out("xorbs", XORB.hash))
    missing, loss = stored.large_files.verify()
    assert "is missing from the store" in missing
    assert SHA256 in loss
    assert stored.put_xorb(XORB.hash, b"".join(packed_chunk(chunk, 0) for chunk in XORB.chunks))
    assert list(stored.large_files.verify()) == []
    file = LargeFile(SHA256, len(FILE.content), FILE.hash)
    assert b"".join(stored.large_files.read(file)) == FILE.content


@pytest.mark.parametrize(
    ("name", "body"),
    [
        (OTHER.hash, XORB.body),
        ("0" * 64, XORB.body),
        (XORB.hash, XORB.body[:-1]),
        (XORB.hash, XORB.body[: len(packed_chunk(XORB.chunks[0], 0))]),
        (XORB.hash, b""),
    ],
)
def test_a_wrong_xorb_leaves_nothing(objects: Objects, name: str, body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="xorb"):
        objects.put_xorb(name, body)
    assert objects.kept() == []
    with pytest.raises(InvalidRequestError, match="no xorb"):
        objects.put_shard(objects.here, shard([NAMED]))


@pytest.mark.parametrize("file", [FILE, NAMED])
def test_a_shard_makes_a_file_of_its_repository(stored: Objects, file: ClientFile) -> None:
    assert stored.put_shard(stored.here, shard([file], [XORB, OTHER]))
    assert not stored.put_shard(stored.here, shard([file]))
    size = len(FILE.content)
    found = stored.large_files.find(stored.here, [SHA256])
    assert found == {SHA256: LargeFile(SHA256, size, FILE.hash)}
    assert stored.large_files.find(stored.there, [SHA256]) == {}
    assert stored.large_files.usage(stored.here) == size
    assert list(stored.large_files.verify()) == []


def test_any_part_of_a_file_can_be_read(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    file = stored.large_files.find(stored.here, [SHA256])[SHA256]
    size = len(FILE.content)
    edges = [0, 1, size - 1, size]
    offset = 0
    for segment in FILE.segments:
        for chunk in segment.chunks:
            offset += len(chunk)
            edges += [offset - 1, offset, offset + 1]
    spots = sorted({min(edge, size) for edge in edges})
    for start, stop in [(0, size), *(_RANDOM.sample(spots, 2) for _ in range(150))]:
        pieces = list(stored.large_files.read(file, start, stop))
        assert b"".join(pieces) == FILE.content[start:stop]
        assert all(0 < len(piece) <= 1 << 20 for piece in pieces)


def test_a_part_far_inside_reads_few_bytes(
    stored: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    file = stored.large_files.find(stored.here, [SHA256])[SHA256]
    taken = []
    read = stored.store.read

    def counted(key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        for piece in read(key, start, stop):
            taken.append(len(piece))
            yield piece

    monkeypatch.setattr(stored.store, "read", counted)
    middle = sum(map(len, XORB.chunks[3:12])) + 5
    assert b"".join(stored.large_files.read(file, middle, middle + 1)) == FILE.content[middle:][:1]
    assert sum(taken) == len(packed_chunk(XORB.chunks[12], 12 % 3))


def _fetch(objects: Objects, body: dict[str, object], urls: dict[str, Fetch]) -> bytes:
    """Rebuild as a client does from version 1, believing only the answer."""
    content = b""
    for term in body["terms"]:  # type: ignore[attr-defined]
        start, end = term["range"]["start"], term["range"]["end"]
        entries = body["fetch_info"][term["hash"]]  # type: ignore[index]
        entry = next(
            entry
            for entry in entries
            if entry["range"]["start"] <= start and end <= entry["range"]["end"]
        )
        span = entry["url_range"]
        packed = b"".join(
            objects.cas.read_xorb(urls[entry["url"]].xorb, span["start"], span["end"] + 1)
        )
        chunks = list(unpack_chunks(packed))
        assert len(chunks) == entry["range"]["end"] - entry["range"]["start"]
        wanted = b"".join(chunks[start - entry["range"]["start"] : end - entry["range"]["start"]])
        assert len(wanted) == term["unpacked_length"]
        content += wanted
    return content


def test_a_client_can_rebuild_any_part(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    size = len(FILE.content)
    ranges = [(0, size - 1), (0, 0), (size - 1, size + 1000)]
    ranges += [sorted(_RANDOM.sample(range(size), 2)) for _ in range(60)]  # type: ignore[misc]
    for first, last in ranges:
        found = stored.cas.reconstruction(stored.here, FILE.hash, f"bytes={first}-{last}")
        urls: dict[str, Fetch] = {}

        def url_for(fetches: Sequence[Fetch], urls: dict[str, Fetch] = urls) -> str:
            (xorb,) = {fetch.xorb for fetch in fetches}
            url = f"{xorb}/{[fetch.first_byte for fetch in fetches]}"
            urls[url] = fetches[0]
            return url

        body = found.version_1(url_for)
        content = _fetch(stored, body, urls)[body["offset_into_first_range"] :]
        wanted = FILE.content[first : last + 1]
        assert content[: len(wanted)] == wanted
        second = found.version_2(url_for)
        assert second["terms"] == body["terms"]
        assert {
            (xorb, part["bytes"]["start"], part["bytes"]["end"], part["chunks"]["end"])
            for xorb, entries in second["xorbs"].items()
            for entry in entries
            for part in entry["ranges"]
        } == {
            (xorb, entry["url_range"]["start"], entry["url_range"]["end"], entry["range"]["end"])
            for xorb, entries in body["fetch_info"].items()
            for entry in entries
        }


def test_overlapping_terms_are_fetched_once(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    found = stored.cas.reconstruction(stored.here, FILE.hash, None)
    assert [(term.xorb, term.start, term.end) for term in found.terms] == [
        (segment.xorb.hash, segment.start, segment.end) for segment in FILE.segments
    ]
    assert [(fetch.xorb, fetch.start, fetch.end) for fetch in found.fetches] == [
        (XORB.hash, 3, 22),
        (XORB.hash, 25, 26),
        (OTHER.hash, 0, 5),
    ]


def test_only_the_repository_that_has_the_file_can_rebuild_it(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    with pytest.raises(NotFoundError):
        stored.cas.reconstruction(stored.there, FILE.hash, None)
    with pytest.raises(NotFoundError):
        stored.cas.reconstruction(stored.here, "0" * 64, None)
    with pytest.raises(RangeNotSatisfiableError):
        stored.cas.reconstruction(stored.here, FILE.hash, f"bytes={len(FILE.content)}-")


LIES = {
    "verification": ClientFile((ClientSegment(XORB, 0, 3, proof=bytes(32)),)),
    "which has 30": ClientFile((ClientSegment(XORB, 28, 31),)),
    "chunks 5 to 5": ClientFile((ClientSegment(XORB, 5, 5),)),
    "they have": ClientFile((ClientSegment(XORB, 0, 3, size=7),)),
    "another file": ClientFile(FILE.segments, claimed_hash=XORB.hash),
    "has the SHA-256": ClientFile(FILE.segments, claimed_sha256="1" * 64),
    "no xorb": ClientFile((ClientSegment(ClientXorb((b"never sent",)), 0, 1),)),
}


@pytest.mark.parametrize("message", LIES)
def test_a_shard_with_a_lie_registers_nothing(stored: Objects, message: str) -> None:
    before = stored.kept()
    with pytest.raises(InvalidRequestError, match=message):
        stored.put_shard(stored.here, shard([NAMED, LIES[message]]))
    assert stored.large_files.find(stored.here, [SHA256, "1" * 64]) == {}
    assert stored.kept() == before


def test_a_known_file_still_needs_proof_in_another_repository(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    guess = ClientFile(
        tuple(
            ClientSegment(part.xorb, part.start, part.end, proof=os.urandom(32))
            for part in FILE.segments
        ),
        claimed_sha256=SHA256,
    )
    with pytest.raises(InvalidRequestError, match="verification"):
        stored.put_shard(stored.there, shard([guess]))
    assert stored.large_files.find(stored.there, [SHA256]) == {}
    lie = ClientFile(FILE.segments, claimed_sha256="2" * 64)
    with pytest.raises(InvalidRequestError, match="has the SHA-256"):
        stored.put_shard(stored.there, shard([lie]))


def test_a_shard_cut_off_anywhere_registers_nothing(stored: Objects) -> None:
    body = shard([NAMED], [XORB, OTHER])
    cuts = [0, 20, 47, 48, 100, 144, len(shard([NAMED])) - 48, len(body) - 48, len(body) - 1]
    for cut in cuts:
        with pytest.raises(InvalidRequestError, match="shard"):
            stored.put_shard(stored.here, body[:cut])
    with pytest.raises(InvalidRequestError, match="version 2"):
        stored.put_shard(stored.here, b"x" + body[1:])
    assert stored.large_files.find(stored.here, [SHA256]) == {}


def test_a_shard_without_proofs_or_with_rubbish_behind(stored: Objects) -> None:
    block = NAMED.block()
    body = shard([NAMED])
    bare = body.replace(block[:48], block[:32] + (1 << 30).to_bytes(4, "little") + block[36:48])
    with pytest.raises(InvalidRequestError, match="verification"):
        stored.put_shard(stored.here, bare)
    assert stored.put_shard(stored.here, body + b"the tables of an old client")


def test_a_whole_file_becomes_one_of_xorbs(stored: Objects) -> None:
    stored.upload(stored.here, FILE.content, SHA256)
    assert stored.large_files.find(stored.here, [SHA256])[SHA256].xet_hash is None
    stored.put_shard(stored.here, shard([NAMED]))
    file = stored.large_files.find(stored.here, [SHA256])[SHA256]
    assert file.xet_hash == FILE.hash
    stored.upload(stored.here, FILE.content, SHA256)
    assert stored.large_files.find(stored.here, [SHA256])[SHA256] == file
    assert b"".join(stored.large_files.read(file)) == FILE.content


def test_damage_inside_a_xorb_is_found(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    key = fan_out("xorbs", XORB.hash)
    data = bytearray(stored.bytes_of(key))
    data[len(data) // 2] ^= 1
    stored.damage(key, bytes(data))
    damage, loss = stored.large_files.verify()
    assert damage.startswith(f"The xorb {XORB.hash} is damaged")
    assert loss == f"The model ada/here has lost the large file {SHA256}."


def test_the_deployment_id_stays(objects: Objects) -> None:
    again = Cas(objects.database, objects.store, objects.large_files)
    assert again.deployment_id == objects.cas.deployment_id
    assert len(again.deployment_id) == 16


def test_a_file_whose_recipe_is_wrong_is_found(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    with stored.database.write() as session:
        file = session.get_one(XetFile, FILE.hash)
        file.segments = file.segments[:-1]
    damage, loss = stored.large_files.verify()
    assert damage.startswith(f"The Xet file {FILE.hash} is damaged")
    assert SHA256 in loss


def test_batches_are_the_same_bytes_and_leave_plain_chunks_in_their_file(stored: Objects) -> None:
    stored.put_shard(stored.here, shard([NAMED]))
    file = LargeFile(SHA256, len(FILE.content), FILE.hash)
    generator = random.Random(3)
    in_files = 0
    for start, stop in [(0, file.size), *(_part(generator, file.size) for _ in range(40))]:
        content = stored.large_files.read(file, start, stop)
        assert isinstance(content, Batches)
        found = b""
        for batch in content.batches():
            in_files += sum(isinstance(view.obj, mmap) for view in batch)
            found += b"".join(batch)
        assert found == FILE.content[start:stop]
    on_disk = hasattr(stored.store.read(fan_out("xorbs", XORB.hash)), "open")
    assert (in_files > 40) == on_disk


def _part(generator: random.Random, size: int) -> tuple[int, int]:
    start, stop = sorted(generator.sample(range(size + 1), 2))
    return start, stop
