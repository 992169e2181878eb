"""A bare repository: revisions, entries, history, refs and the lock."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pygit2
import pytest

from phub_jupyter.errors import (
    ConflictError,
    EntryNotFoundError,
    InvalidRequestError,
    RevisionNotFoundError,
    StaleParentError,
    StorageError,
)
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.repos import refs
from phub_jupyter.hub.repos.git_repository import MAIN, Entry, GitRepository, signature
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.tree_edit import TreeEdit

ADA = Actor(pk=1, name="ada")
POINTER = LfsPointer("b" * 64, 5_000_000_000)


def add_commit(
    git: GitRepository, files: dict[str, bytes | None], message: str = "change", ref: str = MAIN
) -> str:
    """Commit on top of a branch; None removes a file."""
    head = git.find(ref)
    edit = TreeEdit(git.raw, None if head is None else git.root(head))
    for path, content in files.items():
        if content is None:
            edit.remove(path)
        else:
            edit.put(path, git.raw.create_blob(content))
    parents: list[str | pygit2.Oid] = [] if head is None else [head]
    person = signature("ada")
    oid = str(git.raw.create_commit(None, person, person, message, edit.write(), parents))
    if head is None:
        git.create_ref(ref, oid)
    else:
        git.move_ref(ref, head, oid)
    return oid


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    """A repository with one commit."""
    git = GitRepository.init(tmp_path / "some.git")
    add_commit(
        git,
        {
            "README.md": b"hello",
            "data/a.bin": POINTER.text.encode(),
            "data/deep/b.txt": b"b",
            "empty": b"",
        },
        "initial commit",
    )
    return git


def test_git_itself_finds_the_repository_whole(git: GitRepository) -> None:
    done = subprocess.run(
        ["git", "-c", f"safe.directory={git.path}", "fsck", "--strict"],
        cwd=git.path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_revision_may_be_written_in_many_ways(git: GitRepository) -> None:
    head = git.head(MAIN)
    git.create_ref("refs/heads/feature/x", head)
    git.create_ref("refs/pr/1", head)
    refs.create_tag(git, "v1", "main", "", ADA)
    refs.create_tag(git, "v2", "main", "with a message", ADA)
    for revision in (
        *("main", MAIN, "feature/x", "refs/pr/1", "v1", "v2", "refs/tags/v2"),
        *(head, head.upper(), head[:5], head[:12]),
    ):
        assert git.resolve(revision) == head


@pytest.mark.parametrize(
    "revision",
    ["nope", "", "abcd", "0" * 40, "main~0", "main^{tree}", ":/x", "a b", "x\0y", "refs/", "../x"],
)
def test_other_revisions_are_not_found(git: GitRepository, revision: str) -> None:
    with pytest.raises(RevisionNotFoundError, match="Invalid rev id"):
        git.resolve(revision)


def test_ids_of_trees_and_blobs_are_no_revisions(git: GitRepository) -> None:
    head = git.head(MAIN)
    for oid in (str(git.root(head).id), git.entry(head, "README.md").oid):
        with pytest.raises(RevisionNotFoundError):
            git.resolve(oid)


def test_a_branch_wins_over_a_tag_of_the_same_name(git: GitRepository) -> None:
    old = git.head(MAIN)
    refs.create_tag(git, "twin", old, "", ADA)
    new = add_commit(git, {"x": b"x"})
    refs.create_branch(git, "twin", "main")
    assert git.resolve("twin") == new
    assert git.resolve("refs/tags/twin") == old


def test_entries_tell_the_size_of_the_content(git: GitRepository) -> None:
    head = git.head(MAIN)
    assert git.entry(head, "README.md") == Entry(
        "README.md", "file", "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0", 5
    )
    large = git.entry(head, "data/a.bin")
    assert (large.size, large.lfs) == (5_000_000_000, POINTER)
    assert git.read_blob(large.oid) == POINTER.text.encode()
    folder = git.entry(head, "data/deep")
    assert (folder.kind, folder.size) == ("directory", 0)


@pytest.mark.parametrize(
    "path",
    [
        *("nope", "", ".", "..", "../x", "/README.md", "data/../README.md", "README.md/x"),
        *("data/", "README.md\0", "data\0/a.bin", "data\\a.bin", ".git/config", "../../etc/passwd"),
    ],
)
def test_other_paths_are_not_found(git: GitRepository, path: str) -> None:
    with pytest.raises(EntryNotFoundError):
        git.entry(git.head(MAIN), path)


def test_folders_are_listed_flat_or_whole(git: GitRepository) -> None:
    head = git.head(MAIN)
    assert [entry.path for entry in git.tree(head)] == ["README.md", "data", "empty"]
    whole = ["README.md", "data", "data/a.bin", "data/deep", "data/deep/b.txt", "empty"]
    assert [entry.path for entry in git.tree(head, recursive=True)] == whole
    assert [entry.path for entry in git.tree(head, recursive=True, skip=4)] == whole[4:]
    assert [entry.path for entry in git.tree(head, "data")] == ["data/a.bin", "data/deep"]
    for missing in ("nope", "README.md", "data/.."):
        with pytest.raises(EntryNotFoundError):
            git.tree(head, missing)


def test_history_and_who_touched_what_last(git: GitRepository) -> None:
    first = git.head(MAIN)
    second = add_commit(git, {"README.md": b"new"}, "Update README\n\nBecause.\n")
    third = add_commit(git, {"data/deep/c.txt": b"c", "empty": None})
    log = git.log(third)
    assert [(step.oid, step.title, step.author) for step in log] == [
        (third, "change", "ada"),
        (second, "Update README", "ada"),
        (first, "initial commit", "ada"),
    ]
    assert log[1].message == "Because."
    assert [step.oid for step in git.log(third, skip=1, limit=1)] == [second]
    last = git.last_commits(third, ["README.md", "data", "data/a.bin", "data/deep/c.txt", "empty"])
    assert {path: step.oid for path, step in last.items()} == {
        "README.md": second,
        "data": third,
        "data/a.bin": first,
        "data/deep/c.txt": third,
    }


def test_of_a_merge_the_side_with_the_change_counts(git: GitRepository) -> None:
    base = git.head(MAIN)
    refs.create_branch(git, "side", base)
    side = add_commit(git, {"side.txt": b"s"}, "side", "refs/heads/side")
    main = add_commit(git, {"main.txt": b"m"}, "main")
    edit = TreeEdit(git.raw, git.root(main))
    edit.put("side.txt", git.raw.create_blob(b"s"))
    person = signature("ada")
    tree = edit.write()
    merge = str(git.raw.create_commit(None, person, person, "merge", tree, [main, side]))
    last = git.last_commits(merge, ["side.txt", "main.txt", "README.md"])
    assert {path: step.title for path, step in last.items()} == {
        "side.txt": "side",
        "main.txt": "main",
        "README.md": "initial commit",
    }


def test_a_ref_moves_only_from_where_the_writer_saw_it(git: GitRepository) -> None:
    first = git.head(MAIN)
    second = add_commit(git, {"x": b"1"})
    with pytest.raises(StaleParentError):
        git.move_ref(MAIN, first, second)
    assert git.head(MAIN) == second


def test_refs_have_gits_rules_for_names(git: GitRepository) -> None:
    for bad in ("a..b", "-x", "a b", "x.lock", "a~1", "a\\b", "", "c" * 40, "HEAD"):
        with pytest.raises(InvalidRequestError):
            refs.create_branch(git, bad, None)
    refs.create_branch(git, "b", None)
    with pytest.raises(ConflictError, match="Reference refs/heads/b already exists"):
        refs.create_branch(git, "b", None)
    with pytest.raises(InvalidRequestError, match="Cannot delete refs/heads/main"):
        refs.delete_branch(git, "main")
    with pytest.raises(RevisionNotFoundError, match="Invalid rev id"):
        refs.delete_branch(git, "nope")
    with pytest.raises(RevisionNotFoundError):
        refs.delete_tag(git, "b")
    refs.delete_branch(git, "b")
    assert [ref.name for ref in git.refs()] == [MAIN]


def test_the_lock_holds_off_other_writers(git: GitRepository) -> None:
    entered = threading.Event()

    def write() -> None:
        with GitRepository(git.path).lock():
            entered.set()

    with git.lock():
        thread = threading.Thread(target=write)
        thread.start()
        assert not entered.wait(0.3)
    thread.join(10)
    assert entered.is_set()


def test_what_a_killed_writer_left_does_not_block_the_next(git: GitRepository) -> None:
    left = git.path / "refs/heads/main.lock"
    left.touch()
    os.utime(left, (time.time() - 60,) * 2)
    with git.lock():
        add_commit(git, {"x": b"1"})
    assert not left.exists()


def test_a_lock_of_a_git_program_that_runs_is_respected(git: GitRepository) -> None:
    held = git.path / "packed-refs.lock"
    held.touch()
    threading.Timer(0.4, held.unlink).start()
    began = time.monotonic()
    with git.lock():
        assert not held.exists()
    assert 0.3 < time.monotonic() - began < 4


def test_git_settings_of_the_person_do_not_matter(
    git: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "attributes").write_text("*.md filter=lfs\n")
    (tmp_path / ".gitconfig").write_text(f"[core]\n\tattributesFile = {tmp_path}/attributes\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    fresh = GitRepository(git.path)
    assert fresh.attribute(fresh.head(MAIN), "README.md", "filter") is None


def test_a_folder_that_is_no_repository_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        GitRepository(tmp_path / "none.git")
