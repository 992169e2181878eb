"""Merges of pull requests, of which nothing is lost."""

from __future__ import annotations

import threading

import pygit2
import pytest

from phub_jupyter.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    StaleParentError,
)
from phub_jupyter.hub.events import Event
from phub_jupyter.hub.repos.git_repository import MAIN, signature
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.operations import AddFile
from phub_jupyter.hub.repos.tree_edit import TreeEdit

from .proposals import add, bob, content, propose, status
from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores


def test_a_merge_has_both_sides(shop: Workshop) -> None:
    heard: list[Event] = []
    shop.hub.events.listen(heard.append)
    number = propose(shop, theirs=b"1\n")
    add(shop, MAIN, ours=b"2\n")
    before = shop.git.head(MAIN)
    changes = shop.hub.community.merges.changes(shop.ada, shop.repo, number, diff=True)
    assert (changes.base, changes.merge_commit, changes.conflicts) == (MAIN, None, [])
    assert changes.diff is not None
    assert "+++ b/theirs.txt" in changes.diff
    assert "ours" not in changes.diff
    heard.clear()
    oid = shop.hub.community.merges.merge(shop.ada, shop.repo, number, "Nice")
    assert shop.git.head(MAIN) == oid
    assert content(shop) == {"theirs.txt": b"1\n", "ours.txt": b"2\n"}
    title, author = shop.git.log(oid)[0].title, shop.git.log(oid)[0].author
    assert (title, author) == (f"Add theirs (#{number})", "ada")
    thread = shop.hub.community.discussions.get(shop.repo, number)
    assert [event.type for event in thread.happenings] == [
        "comment",
        "commit",
        "comment",
        "status-change",
    ]
    merged = shop.hub.community.merges.changes(shop.ada, shop.repo, number, diff=True)
    assert merged.merge_commit == oid
    assert merged.diff == changes.diff
    told = [(event.action, event.scope, event.discussion) for event in heard]
    assert told == [("update", "repo.content", None), ("update", "discussion", number)]
    (moved,) = heard[0].refs
    assert (moved.ref, moved.old, moved.new) == (MAIN, before, oid)
    assert shop.hub.repositories.by_uid(shop.repo.uid).head == oid
    with pytest.raises(ConflictError, match="merged already"):
        shop.hub.community.merges.merge(shop.ada, shop.repo, number, "")


def test_a_conflict_changes_nothing(shop: Workshop) -> None:
    number = propose(shop, same=b"1\n", other=b"x")
    add(shop, MAIN, same=b"2\n")
    before = shop.git.head(MAIN)
    changes = shop.hub.community.merges.changes(shop.ada, shop.repo, number, diff=False)
    assert (changes.conflicts, changes.diff) == (["same.txt"], None)
    with pytest.raises(ConflictError, match=r"conflict with those made meanwhile in same\.txt"):
        shop.hub.community.merges.merge(shop.ada, shop.repo, number, "")
    assert shop.git.head(MAIN) == before
    assert status(shop, number) == "open"
    thread = shop.hub.community.discussions.get(shop.repo, number)
    assert thread.summary.row.merge_commit is None


def test_what_cannot_be_merged(shop: Workshop) -> None:
    merges, discussions = shop.hub.community.merges, shop.hub.community.discussions
    draft = shop.hub.community.pull_requests.open(shop.repo, "main", "t", "", bob(shop), draft=True)
    with pytest.raises(ConflictError, match="draft"):
        merges.merge(shop.ada, shop.repo, draft, "")
    discussions.set_status(bob(shop), shop.repo, draft, "closed", "")
    with pytest.raises(ConflictError, match="closed"):
        merges.merge(shop.ada, shop.repo, draft, "")
    talk = discussions.open(shop.ada, shop.repo, "t", "")
    with pytest.raises(InvalidRequestError, match="nothing to merge"):
        merges.merge(shop.ada, shop.repo, talk, "")
    with pytest.raises(ForbiddenError):
        merges.merge(bob(shop), shop.repo, draft, "")
    empty = propose(shop)
    assert merges.merge(shop.ada, shop.repo, empty, "") == shop.git.head(MAIN)
    assert status(shop, empty) == "merged"


def test_two_fine_cards_can_make_a_bad_one(shop: Workshop) -> None:
    middle = "".join(f"k{number}: v\n" for number in range(20))
    shop.commit(AddFile("README.md", f"---\na: &x 1\n{middle}z: 1\n---\n".encode()))

    def change(ref: str, card: str) -> None:
        git = shop.git
        head = git.head(ref)
        edit = TreeEdit(git.raw, git.root(head))
        edit.put("README.md", git.raw.create_blob(card.encode()))
        person = signature("bob")
        oid = git.raw.create_commit(
            None, person, person, "card", edit.write(), [pygit2.Oid(hex=head)]
        )
        git.move_ref(ref, head, str(oid))

    number = propose(shop)
    change(f"refs/pr/{number}", f"---\na: &x 1\n{middle}z: *x\n---\n")
    change(MAIN, f"---\na: 2\n{middle}z: 1\n---\n")
    before = shop.git.head(MAIN)
    with pytest.raises(ConflictError, match="merged card would not be valid"):
        shop.hub.community.merges.merge(shop.ada, shop.repo, number, "")
    assert shop.git.head(MAIN) == before


def test_nothing_is_lost_when_all_merge_and_commit_at_once(shop: Workshop) -> None:
    merges = shop.hub.community.merges
    numbers = [propose(shop, **{f"pr{number}": b"x"}) for number in range(6)]
    wrong: list[BaseException] = []
    kept: list[str] = []

    def merge(number: int) -> None:
        try:
            merges.merge(shop.ada, shop.repo, number, "")
        except BaseException as error:
            wrong.append(error)

    def commit(number: int) -> None:
        try:
            shop.commit(AddFile(f"direct{number}.txt", b"x"))
            kept.append(f"direct{number}.txt")
        except (ConflictError, StaleParentError):
            pass  # refused, not lost
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=merge, args=(number,)) for number in numbers]
    threads += [threading.Thread(target=merge, args=(numbers[0],))]  # the second to come
    threads += [threading.Thread(target=commit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (second,) = wrong
    assert isinstance(second, ConflictError)
    assert "merged already" in second.message
    expected = {f"pr{number}.txt" for number in range(6)} | set(kept)
    assert set(content(shop)) == expected
    assert kept
    assert {status(shop, number) for number in numbers} == {"merged"}
    assert shop.hub.repositories.by_uid(shop.repo.uid).head == shop.git.head(MAIN)


@pytest.mark.parametrize("moved", [False, True])
def test_a_merge_that_a_crash_left_half_way_is_settled(
    shop: Workshop, moved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = propose(shop, a=b"1")
    merges = shop.hub.community.merges
    name = "_finish" if moved else "move_ref"

    def crash(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if moved:
            patch.setattr(type(merges), name, crash)
        else:
            patch.setattr("phub_jupyter.hub.repos.git_repository.GitRepository.move_ref", crash)
        with pytest.raises(KeyboardInterrupt):
            merges.merge(shop.ada, shop.repo, number, "")
    merges.recover()
    row = shop.hub.community.discussions.get(shop.repo, number).summary.row
    if moved:
        assert (row.status, row.merge_commit) == ("merged", shop.git.head(MAIN))
    else:
        assert (row.status, row.merge_commit) == ("open", None)
        merges.merge(shop.ada, shop.repo, number, "")
    assert content(shop) == {"a.txt": b"1"}


def test_a_squashed_branch_can_still_be_merged_into(shop: Workshop) -> None:
    add(shop, MAIN, both=b"1\n2\n3\n4\n5\n6\n7\n")
    number = propose(shop, both=b"1\n2\n3\n4\n5\n6\nseven\n")
    add(shop, MAIN, both=b"one\n2\n3\n4\n5\n6\n7\n")
    before = shop.hub.community.merges.changes(shop.ada, shop.repo, number, diff=True)
    git = shop.git
    head = git.head(MAIN)
    person = signature("ada")
    alone = str(git.raw.create_commit(None, person, person, "squash", git.root(head).id, []))
    git.move_ref(MAIN, head, alone)
    changes = shop.hub.community.merges.changes(shop.ada, shop.repo, number, diff=True)
    assert changes == before
    shop.hub.community.merges.merge(shop.ada, shop.repo, number, "")
    assert content(shop) == {"both.txt": b"one\n2\n3\n4\n5\n6\nseven\n"}


def test_two_versions_of_a_large_file_conflict(shop: Workshop) -> None:
    pointers = [LfsPointer(letter * 64, 1000).text.encode() for letter in "abc"]
    add(shop, MAIN, large=pointers[0])
    number = propose(shop, large=pointers[1])
    add(shop, MAIN, large=pointers[2])
    with pytest.raises(ConflictError, match=r"large\.txt"):
        shop.hub.community.merges.merge(shop.ada, shop.repo, number, "")
    add(shop, f"refs/pr/{number}", large=pointers[2])  # settled by taking theirs
    shop.hub.community.merges.merge(shop.ada, shop.repo, number, "")
    assert content(shop)["large.txt"] == pointers[2]
