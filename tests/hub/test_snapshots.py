"""Checkouts of commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from phub_jupyter.errors import HubError
from phub_jupyter.hub.repos.git_repository import MAIN
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.operations import AddFile, AddLargeFile

from .repo_fixtures import Workshop

LARGE = bytes(range(256)) * 20_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    """A hub with one model that holds a small and a large file."""
    shop = Workshop.open(tmp_path / "hub")
    sha256 = shop.upload(LARGE)
    shop.commit(
        AddFile("a b/ü.txt", b"text"),
        AddFile("empty", b""),
        AddLargeFile("deep/er/w.bin", sha256, len(LARGE)),
    )
    yield shop
    shop.hub.close()


def partial_folders(folder: Path) -> list[Path]:
    """What is beside a snapshot and is none."""
    return [path for path in folder.parent.iterdir() if path.name.startswith(".")]


def test_a_snapshot_holds_every_file_with_its_content(shop: Workshop) -> None:
    folder = shop.hub.snapshots.folder(shop.repo, shop.head)
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    del files[".gitattributes"]
    assert files == {"a b/ü.txt": b"text", "empty": b"", "deep/er/w.bin": LARGE}
    assert partial_folders(folder) == []


def test_a_snapshot_is_made_once_and_belongs_to_its_user(shop: Workshop) -> None:
    folder = shop.hub.snapshots.folder(shop.repo, shop.head)
    (folder / "deep/er/w.bin").write_bytes(b"scribbled over")
    assert shop.hub.snapshots.folder(shop.repo, shop.head) == folder
    assert (folder / "deep/er/w.bin").read_bytes() == b"scribbled over"
    assert list(shop.hub.large_files.verify()) == []


def test_many_may_ask_at_once(shop: Workshop) -> None:
    folders: list[Path] = []

    def ask() -> None:
        folders.append(shop.hub.snapshots.folder(shop.repo, shop.head))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folders) == 4
    assert len(set(folders)) == 1
    assert (folders[0] / "deep/er/w.bin").read_bytes() == LARGE
    assert partial_folders(folders[0]) == []


def commit_raw(shop: Workshop, name: str, blob: bytes, mode: int = 0o100644) -> str:
    """Commit a tree that no upload through the hub would make."""
    git = shop.git
    builder = git.raw.TreeBuilder()
    builder.insert(name, git.raw.create_blob(blob), mode)
    person = pygit2.Signature("bob", "bob@example.invalid")
    return str(git.raw.create_commit(MAIN, person, person, "x", builder.write(), [shop.head]))


def test_a_link_becomes_a_file_that_says_where_it_led(shop: Workshop) -> None:
    commit = commit_raw(shop, "link", b"/etc/passwd", 0o120000)
    path = shop.hub.snapshots.folder(shop.repo, commit) / "link"
    assert not path.is_symlink()
    assert path.read_bytes() == b"/etc/passwd"


@pytest.mark.parametrize(
    ("name", "blob"),
    [("a\\..\\b", b""), ("w.bin", LfsPointer("0" * 64, 5).text.encode())],
)
def test_what_cannot_be_made_whole_is_not_made_at_all(
    shop: Workshop, name: str, blob: bytes
) -> None:
    commit = commit_raw(shop, name, blob)
    with pytest.raises(HubError):
        shop.hub.snapshots.folder(shop.repo, commit)
    root = shop.hub.root / "cache/snapshots" / shop.repo.uid
    assert list(root.iterdir()) == []
