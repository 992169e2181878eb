"""Changes to a tree."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from phub_jupyter.errors import EntryNotFoundError, InvalidRequestError
from phub_jupyter.hub.repos.tree_edit import TreeEdit


@pytest.fixture
def raw(tmp_path: Path) -> pygit2.Repository:
    """An empty bare repository."""
    return pygit2.init_repository(str(tmp_path / "r.git"), bare=True)


def files(raw: pygit2.Repository, tree: pygit2.Oid) -> set[str]:
    """The paths of all files below a tree."""
    index = pygit2.Index()
    index.read_tree(raw[tree].peel(pygit2.Tree))
    return {entry.path for entry in index}


def edit_of(raw: pygit2.Repository, *paths: str) -> TreeEdit:
    """An edit of a tree with these files."""
    edit = TreeEdit(raw, None)
    for path in paths:
        edit.put(path, raw.create_blob(path.encode()))
    return TreeEdit(raw, raw[edit.write()].peel(pygit2.Tree))


def test_removing_the_last_file_removes_its_folders(raw: pygit2.Repository) -> None:
    edit = edit_of(raw, "a/b/c.txt", "d.txt")
    edit.remove("a/b/c.txt")
    assert files(raw, edit.write()) == {"d.txt"}


def test_a_folder_goes_with_all_below(raw: pygit2.Repository) -> None:
    edit = edit_of(raw, "a/b/c.txt", "a/x.txt", "d.txt")
    edit.remove("a")
    assert files(raw, edit.write()) == {"d.txt"}


def test_nothing_left_is_the_empty_tree(raw: pygit2.Repository) -> None:
    edit = edit_of(raw, "a")
    edit.remove("a")
    assert files(raw, edit.write()) == set()


def test_what_was_removed_can_be_added_in_the_same_edit(raw: pygit2.Repository) -> None:
    edit = edit_of(raw, "a/b", "c")
    edit.remove("a")
    edit.put("a", raw.create_blob(b"now a file"))
    edit.remove("c")
    edit.put("c/d", raw.create_blob(b"now in a folder"))
    assert files(raw, edit.write()) == {"a", "c/d"}


@pytest.mark.parametrize(("path", "folder_only"), [("x", False), ("a/x", False), ("f", True)])
def test_what_is_missing_cannot_be_removed(
    raw: pygit2.Repository, path: str, folder_only: bool
) -> None:
    edit = edit_of(raw, "a/b", "f")
    with pytest.raises(EntryNotFoundError, match="with this name doesn't exist"):
        edit.remove(path, folder_only=folder_only)


@pytest.mark.parametrize("path", ["a", "f/x", "f/x/y"])
def test_files_and_folders_do_not_replace_each_other(raw: pygit2.Repository, path: str) -> None:
    edit = edit_of(raw, "a/b", "f")
    with pytest.raises(InvalidRequestError, match="delete that first"):
        edit.put(path, raw.create_blob(b"x"))


def test_untouched_folders_keep_their_identity(raw: pygit2.Repository) -> None:
    edit = edit_of(raw, "a/b", "c/d")
    before = edit.write()
    edit.put("c/d", raw.create_blob(b"changed"))
    after = edit.write()
    old, new = raw[before].peel(pygit2.Tree), raw[after].peel(pygit2.Tree)
    assert old["a"].id == new["a"].id
    assert old["c"].id != new["c"].id
