"""Pull requests: their numbers, their refs, who may add to them, what is written down."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from phub_jupyter.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RepoNotFoundError,
)
from phub_jupyter.hub.community.discussions import Filter
from phub_jupyter.hub.community.ledger import checked_title
from phub_jupyter.hub.database.tables import Discussion
from phub_jupyter.hub.repos.git_repository import MAIN

from .proposals import add, bob, propose
from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores


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
        return community.pull_requests.open(shop.repo, "main", "t", "", bob(shop), draft=True)

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
    assert community.pull_requests.may_push(bob(shop), shop.repo, number)
    assert community.pull_requests.may_push(shop.ada, shop.repo, number)
    assert not community.pull_requests.may_push(cy, shop.repo, number)
    with pytest.raises(ForbiddenError, match="only its author and people with write access"):
        community.pull_requests.require_push(cy, shop.repo, number)
    with pytest.raises(NotFoundError):
        community.pull_requests.require_push(cy, shop.repo, 99)
    community.merges.merge(shop.ada, shop.repo, number, "")
    assert not community.pull_requests.may_push(shop.ada, shop.repo, number)
    with pytest.raises(ForbiddenError, match="it is merged"):
        community.pull_requests.require_push(bob(shop), shop.repo, number)
    talk = community.discussions.open(bob(shop), shop.repo, "t", "")
    assert not community.pull_requests.may_push(shop.ada, shop.repo, talk)


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
    assert not shop.hub.community.pull_requests.may_push(bob(shop), shop.repo, 1)
    add(shop, MAIN, more=b"1")
    number = propose(shop)
    assert number == 1
    assert shop.git.head("refs/pr/1") == shop.git.head(MAIN)


def test_a_pull_request_can_come_with_its_commit(shop: Workshop) -> None:
    other = propose(shop, a=b"1")
    oid = shop.git.head(f"refs/pr/{other}")
    number = shop.hub.community.pull_requests.open(
        shop.repo, "main", "t", "d", bob(shop), draft=False, head=oid
    )
    assert shop.git.head(f"refs/pr/{number}") == oid
    thread = shop.hub.community.discussions.get(shop.repo, number)
    (event,) = (event for event in thread.happenings if event.type == "commit")
    assert event.data == {"subject": "add a", "oid": oid}
    shop.hub.community.pull_requests.note_commits(shop.repo, number, [oid], bob(shop))
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
    shop.hub.community.pull_requests.note_commits(shop.repo, number, oids, bob(shop))
    thread = shop.hub.community.discussions.get(shop.repo, number)
    assert [event.data.get("oid") for event in thread.happenings[1:]] == oids[2:]


def test_any_commit_message_makes_a_pull_request(shop: Workshop) -> None:
    community = shop.hub.community
    head = shop.git.head(MAIN)
    for message in ("x" * 1000, "tab\tand\x07bell"):
        number = community.pull_requests.open(
            shop.repo, "main", message, "y" * 100_000, bob(shop), draft=False, head=head
        )
        thread = community.discussions.get(shop.repo, number)
        assert thread.summary.row.title[:3] == message[:3]
        assert [event.type for event in thread.happenings] == ["comment"]  # nothing was changed


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
