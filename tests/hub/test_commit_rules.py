"""``.gitattributes`` as a commit leaves it decides which of its files are large ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from phub_jupyter.hub.repos.gitattributes import wants_lfs, with_rules
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.operations import AddFile, AddLargeFile, Remove

from .repo_fixtures import Workshop

LFS = "filter=lfs diff=lfs merge=lfs -text"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    """A hub with one model."""
    shop = Workshop.open(tmp_path / "hub")
    yield shop
    shop.hub.close()


def held(shop: Workshop, path: str) -> bytes | LfsPointer:
    """What the head holds: a pointer, or the text."""
    entry = shop.git.entry(shop.head, path)
    return entry.lfs or shop.git.read_blob(entry.oid)


def test_a_regular_file_that_the_rules_want_elsewhere_is_kept_as_a_large_one(
    shop: Workshop,
) -> None:
    content = b"text" * 1000
    shop.commit(AddFile("model.bin", content), AddFile("empty.bin", b""), AddFile("x.txt", b"x"))
    sha256 = hashlib.sha256(content).hexdigest()
    assert held(shop, "model.bin") == LfsPointer(sha256, len(content))
    found = shop.hub.large_files.find(shop.repo.pk, [sha256])[sha256]
    assert b"".join(shop.hub.large_files.read(found)) == content
    assert held(shop, "empty.bin") == b""
    assert held(shop, "x.txt") == b"x"


def test_rules_that_come_with_the_commit_count_wherever_they_stand(shop: Workshop) -> None:
    shop.commit(
        AddFile("a/before.dat", b"1"),
        AddFile("a/.gitattributes", f"*.dat {LFS}\n".encode()),
        AddFile("a/after.dat", b"2"),
        AddFile("b/other.dat", b"3"),
    )
    assert isinstance(held(shop, "a/before.dat"), LfsPointer)
    assert isinstance(held(shop, "a/after.dat"), LfsPointer)
    assert held(shop, "b/other.dat") == b"3"


def test_rules_that_go_with_the_commit_do_not_count(shop: Workshop) -> None:
    shop.commit(AddFile("a/.gitattributes", f"*.dat {LFS}\n".encode()))
    shop.commit(Remove("a", folder_only=True), AddFile("a/x.dat", b"1"))
    assert held(shop, "a/x.dat") == b"1"
    shop.commit(Remove(".gitattributes"), AddFile("model.bin", b"text"))
    assert held(shop, "model.bin") == b"text"


def test_the_rules_themselves_stay_where_git_reads_them(shop: Workshop) -> None:
    shop.commit(AddFile(".gitattributes", f"* {LFS}\n".encode()), AddFile("x", b"x"))
    assert held(shop, ".gitattributes") == f"* {LFS}\n".encode()
    assert isinstance(held(shop, "x"), LfsPointer)


def test_a_large_file_that_no_rule_knows_gets_one(shop: Workshop) -> None:
    before = held(shop, ".gitattributes")
    sha256 = shop.upload(b"\0large")
    paths = ["plain.txt", "a b/[x]*.txt", "#x", "!x", 'quote".txt', "ä/ö.txt"]
    shop.commit(*(AddLargeFile(path, sha256, 6) for path in [*paths, "known.bin"]))
    rules = held(shop, ".gitattributes")
    assert isinstance(before, bytes)
    assert isinstance(rules, bytes)
    assert rules.startswith(before)
    assert rules.count(b"\n") == before.count(b"\n") + len(paths)
    assert all(wants_lfs(shop.git, shop.head, path) for path in paths)
    assert not wants_lfs(shop.git, shop.head, "sub/plain.txt")
    assert not wants_lfs(shop.git, shop.head, "a b/xy.txt")
    assert not shop.commit(AddLargeFile("plain.txt", sha256, 6)).changed


def test_a_rule_is_added_to_the_rules_that_the_same_commit_brings(shop: Workshop) -> None:
    sha256 = shop.upload(b"\0large")
    shop.commit(AddFile(".gitattributes", b"# ours"), AddLargeFile("x.txt", sha256, 6))
    assert held(shop, ".gitattributes") == with_rules(b"# ours", ["x.txt"])
    assert held(shop, ".gitattributes") == f"# ours\n/x.txt {LFS}\n".encode()
    shop.commit(Remove(".gitattributes"), AddLargeFile("y.txt", sha256, 6))
    assert held(shop, ".gitattributes") == f"/y.txt {LFS}\n".encode()
