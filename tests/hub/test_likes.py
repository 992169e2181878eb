"""Likes: one for each person and repository, counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    """A hub with one model, and bob."""
    shop = Workshop.open(tmp_path / "hub")
    shop.hub.accounts.add_user("bob")
    yield shop
    shop.hub.close()


def test_saying_it_twice_changes_nothing(shop: Workshop) -> None:
    likes, repo = shop.hub.likes, shop.repo.pk
    ada, bob = (shop.hub.accounts.actor_for_user(name).pk or 0 for name in ("ada", "bob"))
    assert [likes.set(repo, ada, True), likes.set(repo, ada, True)] == [1, 1]
    assert likes.set(repo, bob, True) == 2
    assert (likes.of(repo, ada), likes.of(repo, bob)) == (True, True)
    assert shop.hub.repositories.by_uid(shop.repo.uid).likes == 2
    assert [likes.set(repo, ada, False), likes.set(repo, ada, False)] == [1, 1]
    assert (likes.of(repo, ada), likes.of(repo, bob)) == (False, True)
    assert shop.hub.repositories.by_uid(shop.repo.uid).likes == 1


def test_the_number_is_right_when_all_click_at_once(shop: Workshop) -> None:
    people = [shop.hub.accounts.add_user(f"p{number}").pk for number in range(8)]
    threads = [
        Thread(target=shop.hub.likes.set, args=(shop.repo.pk, person, True)) for person in people
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert shop.hub.repositories.by_uid(shop.repo.uid).likes == len(people)


def test_likes_go_with_their_repository(shop: Workshop) -> None:
    assert shop.ada.pk is not None
    shop.hub.likes.set(shop.repo.pk, shop.ada.pk, True)
    shop.hub.repositories.delete(shop.ada, shop.repo)
    assert not shop.hub.likes.of(shop.repo.pk, shop.ada.pk)
