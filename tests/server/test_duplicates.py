"""Copies of repositories, made by the real client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from phub_jupyter.errors import ConflictError, StorageError
from phub_jupyter.hub.check import check
from phub_jupyter.hub.database.tables import RepoObject
from phub_jupyter.hub.repos import duplicates
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.identifiers import RepoId, RepoType

from .repo_client import RepoClient, add

BIG = bytes(range(256)) * 400

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[Any]:
    """A hub with ada and bob, and ada's model ``source`` with a history, a tag and a large file."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("duplicates") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    model = RepoClient(server, "source")
    client = api(server)
    client.create_commit("ada/source", [CommitOperationAdd("w.bin", BIG)], commit_message="weights")
    client.create_tag("ada/source", tag="v1")
    client.create_branch("ada/source", branch="other")
    assert model.commit(add("README.md", "---\nlicense: mit\n---\n")).status_code == 200
    yield server
    server.close()


def api(server: Any, user: str = "ada") -> HfApi:
    """The unmodified client as that user."""
    return HfApi(endpoint=server.endpoint, token=server.token(user))


def test_a_copy_has_everything_and_its_own_life(served: Any, tmp_path: Path) -> None:
    url = api(served, "bob").duplicate_repo("ada/source")
    assert url.repo_id == "bob/source"
    bob = api(served, "bob")
    info, source = bob.model_info("bob/source"), bob.model_info("ada/source")
    assert (info.sha, info.tags, info.private) == (source.sha, source.tags, False)
    refs = bob.list_repo_refs("bob/source")
    assert [ref.name for ref in refs.branches] == ["main", "other"]
    assert [ref.name for ref in refs.tags] == ["v1"]
    titles = [commit.title for commit in bob.list_repo_commits("bob/source")]
    assert titles == ["change", "weights", "initial commit"]
    path = bob.hf_hub_download("bob/source", "w.bin", cache_dir=tmp_path)
    assert Path(path).read_bytes() == BIG
    bob.delete_file("w.bin", "bob/source")
    assert "w.bin" in bob.list_repo_files("ada/source")
    assert list(check(served.hub)) == []


def test_pull_requests_and_what_no_branch_reaches_stay_behind(served: Any) -> None:
    model = RepoClient(served, "with-requests")
    secret = model.upload(b"only in a pull request")
    line = f'{{"key":"lfsFile","value":{{"path":"x.bin","algo":"sha256","oid":"{secret}"}}}}'
    assert model.commit(line, revision="main").status_code == 200
    proposed = model.head
    assert model.commit(add("a", "a"), revision="main").status_code == 200
    git = model.git
    first = git.log(model.head)[-1].oid
    git.create_ref("refs/pr/1", proposed)
    git.move_ref("refs/heads/main", model.head, first)
    copy = served.hub.duplicates.duplicate(
        served.hub.accounts.actor_for_user("ada"), model.repo, RepoId("ada", "without")
    )
    assert [ref.name for ref in served.hub.repositories.open(copy).refs()] == ["refs/heads/main"]
    answer = model.request("GET", f"/api/models/ada/without/revision/{proposed}")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RevisionNotFound")
    with served.hub.database.read() as session:
        assert session.get(RepoObject, (copy.pk, secret)) is None


def test_what_was_removed_for_good_is_not_missing_in_the_copy(served: Any) -> None:
    client = api(served)
    client.create_repo("ada/erased")
    client.upload_file(path_or_fileobj=b"gone" * 9000, path_in_repo="g.bin", repo_id="ada/erased")
    files = list(client.list_lfs_files("ada/erased"))
    client.permanently_delete_lfs_files("ada/erased", files, rewrite_history=False)
    client.duplicate_repo("ada/erased", "ada/erased-copy")
    assert list(check(served.hub)) == []


def test_a_taken_name_is_told_with_its_address(served: Any) -> None:
    client = api(served)
    client.duplicate_repo("ada/source", "ada/copy", private=True)
    assert client.model_info("ada/copy").private
    with pytest.raises(HfHubHTTPError, match="409"):
        client.duplicate_repo("ada/source", "ada/copy")
    assert client.duplicate_repo("ada/source", "ada/COPY", exist_ok=True).repo_id == "ada/copy"


def test_who_may_copy_what_where(served: Any) -> None:
    RepoClient(served, "private", private=True)
    with pytest.raises(RepositoryNotFoundError):
        api(served, "bob").duplicate_repo("ada/private")
    with pytest.raises(HfHubHTTPError, match="403"):
        api(served, "bob").duplicate_repo("ada/source", "ada/from-bob")
    assert api(served).duplicate_repo("ada/private", "ada/still").repo_id == "ada/still"
    assert api(served).model_info("ada/still").private
    reader = HfApi(endpoint=served.endpoint, token=served.token("bob", "read"))
    with pytest.raises(HfHubHTTPError, match="403"):
        reader.duplicate_repo("ada/source", "bob/by-reader")


def test_what_goes_wrong_leaves_nothing(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = served.hub
    ada = hub.accounts.actor_for_user("ada")
    source = RepoClient(served, "breaks").repo
    folders = sorted((hub.root / "repos").glob("??/*"))

    real = duplicates._history

    def slow(git: GitRepository) -> Any:
        hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", "race"), private=False)
        return real(git)

    def broken(repo: Any) -> None:
        raise StorageError("no")

    with pytest.raises(StorageError):
        hub.duplicates.duplicate(ada, source, RepoId("ada", "x"), prepare=broken)
    assert sorted((hub.root / "repos").glob("??/*")) == folders
    monkeypatch.setattr("phub_jupyter.hub.repos.duplicates._history", slow)
    with pytest.raises(ConflictError):
        hub.duplicates.duplicate(ada, source, RepoId("ada", "race"))
    assert len(sorted((hub.root / "repos").glob("??/*"))) == len(folders) + 1


def test_storage_of_ones_own_and_of_an_organization(served: Any) -> None:
    served.hub.accounts.add_org("acme", "ada")
    api(served).create_repo("acme/m", private=True)
    mine = {item.id: item for item in api(served).list_user_repos()}
    assert mine["ada/source"].storage > len(BIG)
    assert mine["ada/source"].type == "model"
    assert [item.id for item in api(served).list_user_repos(namespace="acme")] == ["acme/m"]
    with pytest.raises(HfHubHTTPError, match="404"):
        list(api(served, "bob").list_user_repos(namespace="acme"))
    with pytest.raises(HfHubHTTPError, match="401"):
        list(HfApi(endpoint=served.endpoint, token=False).list_user_repos())
