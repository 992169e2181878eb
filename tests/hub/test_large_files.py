"""Whole files: taken in only if they are what was announced, read through their repository."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from phub_jupyter.errors import InvalidRequestError, RangeNotSatisfiableError, StorageError
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_jupyter.hub.objects.store import fan_out

from .objects_fixtures import Objects, open_objects

pytestmark = pytest.mark.both_stores

DATA = random.Random(1).randbytes(3_000_001)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[Objects]:
    yield from open_objects(tmp_path)


def test_a_file_comes_back_whole_and_in_part(objects: Objects) -> None:
    file = objects.upload(objects.here, DATA, SHA256)
    assert (file.sha256, file.size, file.xet_hash) == (SHA256, len(DATA), None)
    assert objects.large_files.find(objects.here, [SHA256, "0" * 64]) == {SHA256: file}
    assert b"".join(objects.large_files.read(file)) == DATA
    assert b"".join(objects.large_files.read(file, 100, 2_500_000)) == DATA[100:2_500_000]
    assert b"".join(objects.large_files.read(file, 2_999_999, 9_000_000)) == DATA[2_999_999:]
    assert objects.large_files.usage(objects.here) == len(DATA)
    assert list(objects.large_files.verify()) == []


def test_another_repository_has_it_only_after_uploading_it_too(objects: Objects) -> None:
    objects.upload(objects.here, DATA, SHA256)
    assert objects.large_files.find(objects.there, [SHA256]) == {}
    assert objects.large_files.usage(objects.there) == 0
    objects.upload(objects.there, DATA, SHA256)
    assert SHA256 in objects.large_files.find(objects.there, [SHA256])
    assert objects.kept() == [SHA256]


@pytest.mark.parametrize(
    ("sha256", "size"), [("0" * 64, len(DATA)), (SHA256, len(DATA) - 1), (SHA256, len(DATA) + 1)]
)
def test_a_file_that_is_not_what_was_announced_leaves_nothing(
    objects: Objects, sha256: str, size: int
) -> None:
    with pytest.raises(InvalidRequestError, match="announced"):
        objects.upload(objects.here, DATA, sha256, size)
    assert objects.kept() == []
    assert objects.large_files.find(objects.here, [SHA256, sha256]) == {}


def test_finding_more_files_than_a_query_takes(objects: Objects) -> None:
    objects.upload(objects.here, DATA, SHA256)
    names = [f"{number:064x}" for number in range(1200)]
    assert list(objects.large_files.find(objects.here, [*names, SHA256])) == [SHA256]


def test_damage_is_found_and_named_and_a_new_upload_heals_it(objects: Objects) -> None:
    file = objects.upload(objects.here, DATA, SHA256)
    key = fan_out("lfs", SHA256)
    objects.damage(key, b"?" + DATA[1:])
    damage, loss = objects.large_files.verify()
    assert damage == f"The large file {SHA256} is damaged: its bytes have another SHA-256."
    assert loss == f"The model ada/here has lost the large file {SHA256}."
    objects.damage(key, DATA[:-1])
    with pytest.raises(StorageError, match="wrong size"):
        objects.large_files.read(file)
    objects.store.delete(key)
    with pytest.raises(StorageError, match="missing"):
        objects.large_files.read(file)
    missing, loss = objects.large_files.verify()
    assert "is missing from the store" in missing
    objects.upload(objects.here, DATA, SHA256)
    assert list(objects.large_files.verify()) == []
    assert b"".join(objects.large_files.read(file)) == DATA


def test_an_empty_file(objects: Objects) -> None:
    empty = hashlib.sha256().hexdigest()
    file = objects.upload(objects.here, b"", empty)
    assert list(objects.large_files.read(file)) == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=5-", (5, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-7", (93, 100)),
        ("bytes=-1000", (0, 100)),
        ("Bytes = 3 - 4", (3, 5)),
    ],
)
def test_ranges(header: str, expected: tuple[int, int]) -> None:
    found = ByteRange.parse(header, 100)
    assert found is not None
    assert (found.start, found.stop) == expected
    assert found.content_range == f"bytes {expected[0]}-{expected[1] - 1}/100"
    assert len(found) == expected[1] - expected[0]


@pytest.mark.parametrize("header", [None, "", "bytes=", "bytes=-", "lines=1-2", "bytes=9-2", "x"])
def test_no_range(header: str | None) -> None:
    assert ByteRange.parse(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_outside_the_file(header: str) -> None:
    with pytest.raises(RangeNotSatisfiableError):
        ByteRange.parse(header, 100)
