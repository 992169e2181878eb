"""Commits as a service: all or nothing, whoever else writes, whatever fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from phub_jupyter.errors import InvalidRequestError, StaleParentError
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.operations import AddFile, Operation, Remove

from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    """A hub with one model."""
    shop = Workshop.open(tmp_path / "hub")
    yield shop
    shop.hub.close()


def test_a_commit_says_who_what_and_why(shop: Workshop) -> None:
    first = shop.head
    result = shop.commit(AddFile("a.txt", b"a"))
    assert result.changed
    assert result.oid == shop.head
    log = shop.git.log(shop.head)
    assert [(step.title, step.message, step.author) for step in log] == [
        ("change", "why", "ada"),
        ("initial commit", "", "ada"),
    ]
    assert log[1].oid == first


def test_the_index_follows(shop: Workshop) -> None:
    shop.commit(AddFile("README.md", b"---\nlicense: mit\n---\n# Hi\n"))
    repo = shop.hub.repositories.by_uid(shop.repo.uid)
    assert (repo.head, repo.license) == (shop.head, "mit")


def test_an_index_that_fails_does_not_take_the_commit_back(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(pk: int) -> None:
        raise OSError(f"no space to index {pk}")

    monkeypatch.setattr(shop.hub.index, "refresh", fail)
    result = shop.commit(AddFile("a.txt", b"a"))
    assert shop.head == result.oid
    assert "ada/m could not be indexed" in caplog.text
    monkeypatch.undo()
    shop.hub.index.catch_up()
    assert shop.hub.repositories.by_uid(shop.repo.uid).head == result.oid


def test_a_commit_is_built_on_what_somebody_pushed_meanwhile(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[str] = []
    real = GitRepository.move_ref

    def push_first(git: GitRepository, ref: str, old: str, new: str) -> None:
        if not pushed:  # another program moves the branch between our look and our move
            person = pygit2.Signature("bob", "bob@example.invalid")
            tree = git.root(old).id
            pushed.append(str(git.raw.create_commit(ref, person, person, "push", tree, [old])))
        real(git, ref, old, new)

    monkeypatch.setattr(GitRepository, "move_ref", push_first)
    result = shop.commit(AddFile("a.txt", b"a"))
    log = shop.git.log(result.oid)
    assert [step.title for step in log] == ["change", "push", "initial commit"]
    pushed.clear()
    with pytest.raises(StaleParentError):
        shop.commit(AddFile("a.txt", b"b"), parent=shop.head)
    assert shop.git.log(shop.head)[0].title == "push"


def broken(*operations: Operation) -> Iterator[Operation]:
    """Operations of a body that turns out to be malformed at its end."""
    yield from operations
    raise InvalidRequestError("line 9: not valid JSON.")


def test_a_body_that_is_malformed_at_its_end_changes_nothing(shop: Workshop) -> None:
    head = shop.head
    with pytest.raises(InvalidRequestError, match="line 9"):
        shop.commit(*broken(AddFile("a.txt", b"a"), Remove(".gitattributes")))
    assert (shop.head, len(shop.git.log(head))) == (head, 1)


def test_a_script_stays_executable(shop: Workshop) -> None:
    git = shop.git
    builder = git.raw.TreeBuilder(git.root(shop.head))
    builder.insert("run.sh", git.raw.create_blob(b"#!/bin/sh\n"), 0o100755)
    person = pygit2.Signature("bob", "bob@example.invalid")
    git.raw.create_commit("refs/heads/main", person, person, "x", builder.write(), [shop.head])
    shop.commit(AddFile("run.sh", b"#!/bin/sh\necho\n"), AddFile("other", b""))
    modes = {entry.name: int(entry.filemode) for entry in shop.git.root(shop.head)}
    assert (modes["run.sh"], modes["other"]) == (0o100755, 0o100644)
