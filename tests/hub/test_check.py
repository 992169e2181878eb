"""``check`` is silent about a whole hub and names whatever is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from phub_jupyter.hub.check import check
from phub_jupyter.hub.database.tables import RepoObject
from phub_jupyter.hub.objects.store import ObjectStore
from phub_jupyter.hub.repos.operations import AddFile, AddLargeFile, Remove
from phub_jupyter.hub.repos.tree_edit import TreeEdit
from phub_jupyter.hub.settings import StoreSettings

from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores

CONTENT = b"weights " * 1000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    """A hub whose model has a small and a large file, the latter also in its history only."""
    shop = Workshop.open(tmp_path / "hub")
    old = shop.upload(CONTENT + b"old")
    shop.commit(AddFile("a.txt", b"text"), AddLargeFile("sub/old.bin", old))
    shop.commit(Remove("sub/old.bin"), AddLargeFile("new.bin", shop.upload(CONTENT)))
    yield shop
    shop.hub.close()


def _loose_object(shop: Workshop, oid: str) -> Path:
    return shop.git.path / "objects" / oid[:2] / oid[2:]


def _stored(shop: Workshop) -> tuple[ObjectStore, str]:
    """The store of the hub, opened once more, and some object in it."""
    store = StoreSettings.from_environment(shop.hub.root).open_objects(shop.hub.root)
    return store, next(store.keys(""))


def _only_problem(shop: Workshop) -> str:
    problems = list(check(shop.hub))
    assert len(problems) == 1, problems
    return problems[0]


def test_a_whole_hub_has_no_problem(shop: Workshop) -> None:
    assert list(check(shop.hub)) == []


def test_a_large_file_with_other_bytes(shop: Workshop) -> None:
    store, key = _stored(shop)
    data = bytearray(b"".join(store.read(key)))
    data[5] ^= 1
    file = store.new_file()
    file.write(bytes(data))
    file.publish(key)
    assert any(key.rpartition("/")[2] in problem for problem in check(shop.hub))


def test_a_large_file_that_is_gone_from_the_store(shop: Workshop) -> None:
    store, key = _stored(shop)
    store.delete(key)
    assert any(key.rpartition("/")[2] in problem for problem in check(shop.hub))


def test_a_large_file_that_only_the_history_refers_to(shop: Workshop) -> None:
    sha256 = shop.upload(CONTENT + b"old")
    with shop.hub.database.write() as session:
        session.delete(session.get_one(RepoObject, (shop.repo.pk, sha256)))
    problem = _only_problem(shop)
    assert "model ada/m" in problem
    assert "sub/old.bin" in problem
    assert sha256 in problem


def test_a_git_object_with_other_bytes(shop: Workshop) -> None:
    oid = shop.git.entry(shop.head, "a.txt").oid
    path = _loose_object(shop, oid)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    problems = list(check(shop.hub))
    assert any(oid in problem and problem.startswith("model ada/m: ") for problem in problems)


def test_a_git_object_that_is_gone(shop: Workshop) -> None:
    oid = shop.git.entry(shop.head, "a.txt").oid
    _loose_object(shop, oid).unlink()
    assert any(oid in problem for problem in check(shop.hub))


def test_a_branch_that_points_nowhere(shop: Workshop) -> None:
    (shop.git.path / "refs/heads/feature").write_text("0123456789" * 4 + "\n")
    assert any("refs/heads/feature" in problem for problem in check(shop.hub))


def test_a_repository_without_main(shop: Workshop) -> None:
    (shop.git.path / "refs/heads/main").unlink()
    assert any("main" in problem for problem in check(shop.hub))


def test_a_repository_without_a_folder(shop: Workshop) -> None:
    shop.git.path.rename(shop.hub.root / "elsewhere")
    assert "is missing" in _only_problem(shop)


def test_a_repository_that_the_database_does_not_know(shop: Workshop) -> None:
    stray = shop.git.path.with_name(f"{'0' * 24}.git")
    shop.git.path.rename(stray)
    problems = list(check(shop.hub))
    assert any(str(stray) in problem for problem in problems)


def test_other_branches_and_submodules_are_read_too(shop: Workshop) -> None:
    git = shop.git
    edit = TreeEdit(git.raw, git.root(shop.head))
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
    edit.put("lost.bin", git.raw.create_blob(pointer.encode()))
    builder = git.raw.TreeBuilder(edit.write())
    builder.insert("module", shop.head, 0o160000)
    person = git.raw[shop.head].author
    tree = builder.write()
    git.raw.create_commit("refs/heads/side", person, person, "x", tree, [shop.head])
    problem = _only_problem(shop)
    assert "lost.bin" in problem
    assert "0" * 64 in problem
