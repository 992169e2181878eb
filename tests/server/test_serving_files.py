"""Replicas on a cluster fetch a model's files with a pass of whoever calls it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi

from phub_jupyter.compute.inference.on_serve.files import ModelCache
from phub_jupyter.compute.inference.on_serve.orders import Revision
from phub_jupyter.errors import StorageError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.objects.passes import Pass
from phub_jupyter.hub.serving.serve_gateway import PURPOSE
from phub_jupyter.identifiers import RepoType

from ..conftest import HubServer

LARGE = bytes(range(256)) * 20_000
REPO = "ada/files"


@pytest.fixture
def revision(hub_server: HubServer) -> Revision:
    """A private model with a small, a large and a nested file."""
    api = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    api.create_repo(REPO, private=True)
    for path, data in {
        "config.json": b"{}",
        "model.safetensors": LARGE,
        "1_Pooling/a b#c?.json": b"[]",
    }.items():
        commit = api.upload_file(repo_id=REPO, path_or_fileobj=data, path_in_repo=path)
    ada = hub_server.hub.accounts.actor_for_user("ada")
    repo = hub_server.hub.repositories.find(ada, Action.READ, RepoType.MODEL, REPO)
    return Revision(repo.uid, str(commit.oid))


@pytest.fixture
def cache(hub_server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModelCache:
    monkeypatch.setenv("PHUB_SERVE_CACHE", str(tmp_path / "cache"))
    return ModelCache(hub_server.endpoint)


@pytest.fixture
def ticket(hub_server: HubServer, revision: Revision) -> Callable[..., str]:
    def issue(user: str = "ada", seconds: float = 60, purpose: str = PURPOSE) -> str:
        hub = hub_server.hub
        repo = hub.repositories.by_uid(revision.repo)
        right = Pass(hub.accounts.actor_for_user(user), Action.CONTENT, repo)
        return hub.passes.issue(purpose, right, timedelta(seconds=seconds))

    return issue


def test_all_files_come_and_stay(
    revision: Revision, cache: ModelCache, ticket: Callable[..., str]
) -> None:
    assert cache.known(revision) is None
    folder = cache.fetch(revision, ticket())
    assert (folder / "model.safetensors").read_bytes() == LARGE
    assert (folder / "1_Pooling/a b#c?.json").read_bytes() == b"[]"
    assert cache.known(revision) == folder
    assert cache.fetch(revision, "no pass is needed any more") == folder


def test_what_no_replica_has_used_for_a_day_is_removed(
    revision: Revision, cache: ModelCache, ticket: Callable[..., str]
) -> None:
    folder = cache.fetch(revision, ticket())
    used = folder.parent.parent / "another" / "commit"
    old = folder.parent.parent / "third" / "commit"
    for other in (used, old):
        shutil.copytree(folder, other)
    os.utime(old, (0, 0))
    folder.rename(folder.with_name("gone"))
    cache.fetch(revision, ticket())
    assert used.is_dir()
    assert not old.exists()


@pytest.mark.parametrize("wrong", ["expired", "made up", "of another purpose", "of a stranger"])
def test_without_a_good_pass_nothing_comes(
    revision: Revision, cache: ModelCache, ticket: Callable[..., str], wrong: str
) -> None:
    text = {
        "expired": ticket(seconds=-1),
        "made up": "a.b",
        "of another purpose": ticket(purpose="xet"),
        "of a stranger": ticket("bob"),
    }[wrong]
    with pytest.raises(requests.HTTPError) as refusal:
        cache.fetch(revision, text)
    assert refusal.value.response.status_code in (401, 403)
    assert cache.known(revision) is None


def test_a_pass_ends_with_the_repository(
    hub_server: HubServer, revision: Revision, cache: ModelCache, ticket: Callable[..., str]
) -> None:
    good = ticket()
    HfApi(endpoint=hub_server.endpoint, token=hub_server.token()).delete_repo(REPO)
    with pytest.raises(requests.HTTPError) as refusal:
        cache.fetch(revision, good)
    assert refusal.value.response.status_code == 401


def test_a_pass_is_no_credential_elsewhere(
    hub_server: HubServer, revision: Revision, ticket: Callable[..., str]
) -> None:
    headers = {"Authorization": f"Bearer {ticket()}"}
    address = f"{hub_server.endpoint}/{REPO}/resolve/main/config.json"
    assert requests.get(address, headers=headers, timeout=30).status_code == 401
    bare = requests.get(f"{hub_server.endpoint}/api/phub/serving/{revision.commit}", timeout=30)
    assert bare.status_code == 401


def test_a_file_that_changed_on_the_way_is_refused(
    revision: Revision,
    cache: ModelCache,
    ticket: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = requests.Response.iter_content

    def cut(answer: requests.Response, size: int, *rest: bool) -> Iterator[bytes]:
        for piece in whole(answer, size, *rest):
            yield piece[:-1] if answer.url.endswith(".safetensors") else piece

    monkeypatch.setattr(requests.Response, "iter_content", cut)
    with pytest.raises(StorageError, match="other content"):
        cache.fetch(revision, ticket())
    assert cache.known(revision) is None
