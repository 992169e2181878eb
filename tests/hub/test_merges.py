"""Pull requests: their numbers, who may add to them, and merges of which nothing is lost."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pygit2
import pytest

from phub_jupyter.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RepoNotFoundError,
    StaleParentError,
)
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.community.discussions import Filter
from phub_jupyter.hub.community.ledger import checked_title
from phub_jupyter.hub.database.tables import Discussion
from phub_jupyter.hub.events import Event
from phub_jupyter.hub.repos.git_repository import MAIN, signature
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.operations import AddFile
from phub_jupyter.hub.repos.tree_edit import TreeEdit
from phub_jupyter.identifiers import RepoId, RepoType

from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the hub of this module is."""
    return tmp_path_factory.mktemp("merges") / "hub"


@pytest.fixture(scope="module")
def opened(hub_folder: Path, stores: str) -> Iterator[Workshop]:
    """A hub with ada and bob."""
    shop = Workshop.open(hub_folder)
    shop.hub.accounts.add_user("bob")
    yield shop
    shop.hub.close()


@pytest.fixture
def shop(opened: Workshop, request: pytest.FixtureRequest) -> Workshop:
    """The hub, with a new model of ada for each test."""
    name = re.sub("[^a-z]+", "-", request.node.name.lower()).strip("-")
    repo = opened.hub.repositories.create(
        opened.ada, RepoType.MODEL, RepoId("ada", name), private=False
    )
    return Workshop(opened.hub, opened.ada, repo)


def bob(shop: Workshop) -> Actor:
    """Somebody who may propose only."""
    return shop.hub.accounts.actor_for_user("bob")


def add(shop: Workshop, ref: str, **files: bytes) -> str:
    """Commit files to a ref, as a push does."""
    git = shop.git
    with git.lock():
        head = git.head(ref)
        edit = TreeEdit(git.raw, git.root(head))
        for name, content in files.items():
            edit.put(f"{name}.txt", git.raw.create_blob(content))
        person = signature("bob")
        parents: list[str | pygit2.Oid] = [pygit2.Oid(hex=head)]
        message = f"add {', '.join(files)}"
        oid = str(git.raw.create_commit(None, person, person, message, edit.write(), parents))
        git.move_ref(ref, head, oid)
        return oid


def propose(shop: Workshop, **files: bytes) -> int:
    """A pull request of bob's with one commit."""
    number = shop.hub.community.open_pull_request(
        shop.repo, "main", f"Add {', '.join(files)}", "", bob(shop), draft=False
    )
    if files:
        oid = add(shop, f"refs/pr/{number}", **files)
        shop.hub.community.note_commits(shop.repo, number, [oid], bob(shop))
    return number


def content(shop: Workshop, revision: str = "main") -> dict[str, bytes]:
    """The files of a revision."""
    git = shop.git
    entries = git.tree(git.resolve(revision), recursive=True)
    return {
        entry.path: git.read_blob(entry.oid) for entry in entries if entry.path != ".gitattributes"
    }


def status(shop: Workshop, number: int) -> str:
    """The status of a pull request."""
    found: str = shop.hub.community.discussions.get(shop.repo, number).summary.row.status
    return found


def test_discussions_and_pull_requests_share_numbers(shop: Workshop) -> None:
    community = shop.hub.community
    numbers: list[int] = []
    errors: list[BaseException] = []

    def work(open_one: Callable[[], int]) -> None:
        try:
            numbers.extend(open_one() for _ in range(4))
        except BaseException as error:
            errors.append(error)

    def pull_request() -> int:
        return community.open_pull_request(shop.repo, "main", "t", "", bob(shop), draft=True)

    def discussion() -> int:
        return community.discussions.open(shop.ada, shop.repo, "t", "")

    threads = [threading.Thread(target=work, args=(one,)) for one in (pull_request, discussion) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(numbers) == list(range(1, 17))
    rows = community.discussions.page(shop.repo, Filter(), 0, 50).items
    refs = {ref.name for ref in shop.git.refs() if ref.name.startswith("refs/pr/")}
    assert refs == {f"refs/pr/{item.row.number}" for item in rows if item.row.is_pull_request}
    assert len(refs) == 8


def test_who_may_push(shop: Workshop) -> None:
    community = shop.hub.community
    shop.hub.accounts.ensure_user("cy", admin=False)
    cy = shop.hub.accounts.actor_for_user("cy")
    number = propose(shop, a=b"1")
    assert community.may_push(bob(shop), shop.repo, number)
    assert community.may_push(shop.ada, shop.repo, number)
    assert not community.may_push(cy, shop.repo, number)
    with pytest.raises(ForbiddenError, match="only its author and people with write access"):
        community.require_push(cy, shop.repo, number)
    with pytest.raises(NotFoundError):
        community.require_push(cy, shop.repo, 99)
    community.merges.merge(shop.ada, shop.repo, number, "")
    assert not community.may_push(shop.ada, shop.repo, number)
    with pytest.raises(ForbiddenError, match="it is merged"):
        community.require_push(bob(shop), shop.repo, number)
    talk = community.discussions.open(bob(shop), shop.repo, "t", "")
    assert not community.may_push(shop.ada, shop.repo, talk)


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
    draft = shop.hub.community.open_pull_request(shop.repo, "main", "t", "", bob(shop), draft=True)
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


def test_a_ref_that_a_crash_left_is_taken_over(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("phub_jupyter.hub.community.pull_requests._put_ref", crash)
        with pytest.raises(KeyboardInterrupt):
            propose(shop)
    git = shop.git
    git.create_ref("refs/pr/1", add(shop, MAIN, later=b"1"))  # the row was not committed
    assert not shop.hub.community.may_push(bob(shop), shop.repo, 1)
    add(shop, MAIN, more=b"1")
    number = propose(shop)
    assert number == 1
    assert shop.git.head("refs/pr/1") == shop.git.head(MAIN)


def test_a_pull_request_can_come_with_its_commit(shop: Workshop) -> None:
    other = propose(shop, a=b"1")
    oid = shop.git.head(f"refs/pr/{other}")
    number = shop.hub.community.open_pull_request(
        shop.repo, "main", "t", "d", bob(shop), draft=False, head=oid
    )
    assert shop.git.head(f"refs/pr/{number}") == oid
    thread = shop.hub.community.discussions.get(shop.repo, number)
    (event,) = (event for event in thread.happenings if event.type == "commit")
    assert event.data == {"subject": "add a", "oid": oid}
    shop.hub.community.note_commits(shop.repo, number, [oid], bob(shop))
    assert len(shop.hub.community.discussions.get(shop.repo, number).happenings) == 2


def test_commits_of_which_nobody_heard_are_noted_at_the_next_start(shop: Workshop) -> None:
    number = propose(shop, a=b"1")
    unheard = [add(shop, f"refs/pr/{number}", **{name: b"1"}) for name in ("b", "c")]
    add(shop, MAIN, elsewhere=b"1")
    for _ in range(2):
        shop.hub.community.recover()
        thread = shop.hub.community.discussions.get(shop.repo, number)
        commits = [event.data["oid"] for event in thread.happenings if event.type == "commit"]
        assert commits[1:] == unheard


def test_a_discussion_does_not_grow_without_end(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    discussions = shop.hub.community.discussions
    number = discussions.open(shop.ada, shop.repo, "t", "12345")
    monkeypatch.setattr("phub_jupyter.hub.community.ledger.LONGEST_DISCUSSION", 12)
    said = discussions.comment(shop.ada, shop.repo, number, "12345", {})
    with pytest.raises(ConflictError, match="open another one"):
        discussions.comment(shop.ada, shop.repo, number, "123", {})
    with pytest.raises(ConflictError, match="open another one"):
        discussions.edit(shop.ada, shop.repo, number, said.uid, "123")
    discussions.edit(shop.ada, shop.repo, number, said.uid, "12")
    assert len(discussions.get(shop.repo, number).happenings) == 2


def test_of_very_many_commits_the_newest_are_noted(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phub_jupyter.hub.community.pull_requests._MOST_NOTED", 3)
    number = propose(shop)
    oids = [add(shop, f"refs/pr/{number}", **{name: b"1"}) for name in "abcde"]
    shop.hub.community.note_commits(shop.repo, number, oids, bob(shop))
    thread = shop.hub.community.discussions.get(shop.repo, number)
    assert [event.data.get("oid") for event in thread.happenings[1:]] == oids[2:]


def test_any_commit_message_makes_a_pull_request(shop: Workshop) -> None:
    community = shop.hub.community
    head = shop.git.head(MAIN)
    for message in ("x" * 1000, "tab\tand\x07bell"):
        number = community.open_pull_request(
            shop.repo, "main", message, "y" * 100_000, bob(shop), draft=False, head=head
        )
        thread = community.discussions.get(shop.repo, number)
        assert thread.summary.row.title[:3] == message[:3]
        assert [event.type for event in thread.happenings] == ["comment"]  # nothing was changed


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


@pytest.mark.parametrize(
    ("title", "fits"),
    [
        ("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER} caf\u00e9 \u4f60\u597d", True),
        ("  x  ", True),
        ("x" * 300, True),
        ("x" * 301, False),
        ("two\nlines", False),
        ("two\u2028lines", False),
        ("\u202etxet", False),
        ("nul\0", False),
        ("\ud800", False),
        (" ", False),
    ],
)
def test_titles(title: str, fits: bool) -> None:
    if fits:
        assert checked_title(title) == title.strip()
    else:
        with pytest.raises(InvalidRequestError, match="title: write a line"):
            checked_title(title)


def test_a_deleted_repository_takes_everything_along(shop: Workshop) -> None:
    number = propose(shop, a=b"1")
    shop.hub.community.discussions.comment(shop.ada, shop.repo, number, "hi @bob", {})
    shop.hub.repositories.delete(shop.ada, shop.repo)
    with shop.hub.database.read() as session:
        left = session.query(Discussion).filter(Discussion.repo_pk == shop.repo.pk).count()
    assert left == 0
    with pytest.raises(RepoNotFoundError):
        shop.hub.community.discussions.open(shop.ada, shop.repo, "too late", "")
