"""The life of a repository: created whole, found by who may, gone without a trace."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from phub_jupyter.errors import (
    ConflictError,
    ForbiddenError,
    HubError,
    InvalidRequestError,
    RepoNotFoundError,
)
from phub_jupyter.hub.access import ANONYMOUS, Action, Actor
from phub_jupyter.hub.database.tables import RepoTag
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.repos import repositories as module
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.operations import AddFile
from phub_jupyter.identifiers import RepoId, RepoType

from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores

HOURS_AGO = 1_000_000_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    """A hub with ada's model, and the account bob."""
    shop = Workshop.open(tmp_path / "hub")
    shop.hub.accounts.add_user("bob")
    yield shop
    shop.hub.close()


@pytest.fixture
def bob(shop: Workshop) -> Actor:
    """Somebody else."""
    return shop.hub.accounts.actor_for_user("bob")


def _folders(hub: Hub) -> list[str]:
    return sorted(path.name for path in (hub.root / "repos").glob("??/*"))


@pytest.mark.parametrize("repo_type", [kind for kind in RepoType if kind is not RepoType.BUCKET])
def test_a_new_repository_has_one_commit_with_its_attributes(
    shop: Workshop, repo_type: RepoType
) -> None:
    repo = shop.hub.repositories.create(shop.ada, repo_type, RepoId("ada", "New"), private=True)
    git = shop.hub.repositories.open(repo)
    log = git.log(git.resolve("main"))
    assert [commit.title for commit in log] == ["initial commit"]
    assert [entry.path for entry in git.tree(log[0].oid)] == [".gitattributes"]
    stored = shop.hub.repositories.by_uid(repo.uid)
    assert (stored.head, stored.private, stored.name) == (log[0].oid, True, "New")
    assert stored.used_storage > 0


def test_the_same_name_may_be_a_model_and_a_dataset(shop: Workshop) -> None:
    dataset = shop.hub.repositories.create(
        shop.ada, RepoType.DATASET, RepoId("ada", "m"), private=False
    )
    assert dataset.uid != shop.repo.uid


@pytest.mark.parametrize("name", ["m", "M"])
def test_a_taken_name_is_a_conflict_and_makes_no_folder(shop: Workshop, name: str) -> None:
    before = _folders(shop.hub)
    with pytest.raises(ConflictError) as refusal:
        shop.hub.repositories.create(shop.ada, RepoType.MODEL, RepoId("ada", name), private=False)
    assert refusal.value.extra == {"name": "ada/m"}
    assert _folders(shop.hub) == before


def test_two_at_once_make_one(shop: Workshop) -> None:
    results: list[object] = []
    barrier = threading.Barrier(4)

    def create() -> None:
        barrier.wait()
        try:
            repositories = shop.hub.repositories
            results.append(
                repositories.create(shop.ada, RepoType.MODEL, RepoId("ada", "x"), private=False)
            )
        except HubError as error:
            results.append(error)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, ConflictError) for result in results) == 3
    assert len(_folders(shop.hub)) == 2


def test_only_in_ones_own_namespace_and_only_in_one_that_exists(shop: Workshop, bob: Actor) -> None:
    before = _folders(shop.hub)
    create = shop.hub.repositories.create
    with pytest.raises(ForbiddenError):
        create(bob, RepoType.MODEL, RepoId("ada", "x"), private=False)
    with pytest.raises(InvalidRequestError, match="nobody"):
        create(shop.ada, RepoType.MODEL, RepoId("nobody", "x"), private=False)
    assert _folders(shop.hub) == before


def test_a_failure_while_creating_leaves_nothing(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    before = _folders(shop.hub)
    monkeypatch.setattr(module, "initial_commit", fail)
    with pytest.raises(OSError, match="No space"):
        shop.hub.repositories.create(shop.ada, RepoType.MODEL, RepoId("ada", "x"), private=False)
    assert _folders(shop.hub) == before
    with pytest.raises(RepoNotFoundError):
        shop.hub.repositories.find(shop.ada, Action.READ, RepoType.MODEL, "ada/x")


def test_ids_are_found_in_any_case(shop: Workshop) -> None:
    found = shop.hub.repositories.find(ANONYMOUS, Action.READ, RepoType.MODEL, "ADA/M")
    assert (found.uid, found.namespace, found.name) == (shop.repo.uid, "ada", "m")


@pytest.mark.parametrize("repo_id", ["ada/other", "m", "ada/m/x", "../m", "ada/m.git", "", "a/ "])
def test_missing_and_impossible_ids_are_not_found(shop: Workshop, repo_id: str) -> None:
    with pytest.raises(RepoNotFoundError):
        shop.hub.repositories.find(shop.ada, Action.READ, RepoType.MODEL, repo_id)


def test_a_private_repository_is_hidden_from_others(shop: Workshop, bob: Actor) -> None:
    find = shop.hub.repositories.find
    assert find(bob, Action.READ, RepoType.MODEL, "ada/m")
    shop.hub.repositories.change(shop.ada, shop.repo, private=True)
    for actor in (bob, ANONYMOUS):
        with pytest.raises(RepoNotFoundError):
            find(actor, Action.READ, RepoType.MODEL, "ada/m")
    hidden = find(shop.ada, Action.READ, RepoType.MODEL, "ada/m")
    with pytest.raises(RepoNotFoundError):
        shop.hub.repositories.change(bob, hidden, private=False)


def test_deletion_takes_row_folder_tags_and_full_text(shop: Workshop, bob: Actor) -> None:
    shop.commit(AddFile("README.md", b"---\ntags: [blue]\n---\nwords"))
    repo = shop.hub.repositories.by_uid(shop.repo.uid)
    with pytest.raises(ForbiddenError):
        shop.hub.repositories.delete(bob, repo)
    shop.hub.repositories.delete(shop.ada, repo)
    assert _folders(shop.hub) == []
    with shop.hub.database.read() as session:
        assert session.query(RepoTag).count() == 0
        assert session.scalar(text("SELECT count(*) FROM repo_text")) == 0
    with pytest.raises(RepoNotFoundError):
        shop.hub.repositories.by_uid(repo.uid)
    again = shop.hub.repositories.create(
        shop.ada, RepoType.MODEL, RepoId("ada", "m"), private=False
    )
    assert again.uid != repo.uid


def test_a_repository_whose_folder_is_lost_can_be_deleted(shop: Workshop) -> None:
    path = shop.hub.repositories.path(shop.repo)
    path.rename(shop.hub.root / "elsewhere")
    shop.hub.repositories.delete(shop.ada, shop.repo)
    assert list(shop.hub.repositories.all()) == []


def test_the_next_start_removes_what_a_killed_process_left(shop: Workshop) -> None:
    folder = shop.hub.repositories.path(shop.repo).parent
    for name in ("1.partial", "2.trash", "3.partial"):
        (folder / name).mkdir()
    GitRepository.init(folder / "4.git")
    for name in ("1.partial", "2.trash", "4.git"):
        os.utime(folder / name, (HOURS_AGO, HOURS_AGO))
    shop.hub.close()
    hub = Hub.open(shop.hub.root)
    # 3.partial is too young: another process may be filling it right now.
    assert _folders(hub) == sorted(["3.partial", f"{shop.repo.uid}.git"])
    hub.close()


def test_a_deletion_that_was_killed_is_completed_by_the_next_start(shop: Workshop) -> None:
    shop.commit(AddFile("a.txt", b"work of a week"))
    path = shop.hub.repositories.path(shop.repo)
    kept = path.with_name("kept")
    path.rename(kept)
    shop.hub.repositories.delete(shop.ada, shop.repo)
    kept.rename(path)  # as if the process had ended between the row and the folder
    shop.hub.close()
    hub = Hub.open(shop.hub.root)
    assert _folders(hub) == []
    assert list(hub.repositories.strays()) == []
    hub.close()


def test_only_one_of_two_deletions_succeeds(shop: Workshop) -> None:
    shop.hub.repositories.delete(shop.ada, shop.repo)
    with pytest.raises(RepoNotFoundError):
        shop.hub.repositories.delete(shop.ada, shop.repo)


def test_a_history_without_a_row_is_never_removed(shop: Workshop) -> None:
    shop.commit(AddFile("a.txt", b"work of a week"))
    path = shop.hub.repositories.path(shop.repo)
    stray = path.with_name(f"{'0' * 24}.git")
    path.rename(stray)
    os.utime(stray, (HOURS_AGO, HOURS_AGO))
    shop.hub.repositories.remove_leftovers()
    assert stray.is_dir()
    assert list(shop.hub.repositories.strays()) == [stray]
