"""Old names lead to new ones on every door, and to nobody who may not see the repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from .repo_client import RepoClient, add

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def served(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub with ada, bob and the organization acme, in which ada is an administrator."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("moves") / "hub", "/user/ada/phub")
    for name in ("ada", "bob"):
        server.add_user(name)
    server.hub.accounts.add_org("acme", "ada")
    server.hub.accounts.add_org("globex", "bob")
    yield server
    server.close()


def api(server: Any, user: str = "ada") -> HfApi:
    """The unmodified client as that user."""
    return HfApi(endpoint=server.endpoint, token=server.token(user))


def ask(server: Any, method: str, path: str, user: str | None = "ada", **kwargs: Any) -> Any:
    """One request whose redirects are not followed."""
    headers = {} if user is None else server.headers(user)
    url = f"{server.endpoint}{path}"
    return requests.request(
        method, url, headers=headers, allow_redirects=False, timeout=30, **kwargs
    )


def test_every_door_leads_on_and_keeps_what_the_client_wrote(served: Any) -> None:
    model = RepoClient(served, "Old")
    assert model.commit(add("a b/c.txt", "text")).status_code == 200
    api(served).move_repo("ada/Old", "acme/New")
    doors = [
        ("GET", "/api/models/ada/Old", ""),
        ("GET", "/api/models/ADA/oLD", "?blobs=true&expand=sha"),
        ("GET", "/api/models/ada/Old/tree/refs%2Fheads%2Fmain/a%20b%2F", "?recursive=true"),
        ("POST", "/api/models/ada/Old/paths-info/main", ""),
        ("POST", "/api/models/ada/Old/preupload/main", ""),
        ("POST", "/api/models/ada/Old/commit/main", ""),
        ("GET", "/ada/Old/resolve/main/a%20b/c.txt", "?download=1"),
        ("HEAD", "/ada/Old/resolve/main/ada/Old/c.txt", ""),
        ("GET", "/ada/Old.git/info/refs", "?service=git-upload-pack"),
        ("POST", "/ada/Old.git/git-upload-pack", ""),
        ("POST", "/ada/Old.git/git-receive-pack", ""),
        ("POST", "/ada/Old.git/info/lfs/objects/batch", ""),
        ("GET", "/api/models/ada/Old/xet-read-token/main", ""),
    ]
    for method, path, query in doors:
        body = {"operation": "download", "objects": []} if path.endswith("batch") else None
        answer = ask(served, method, path + query, json=body)
        assert answer.status_code == 307, (path, answer.text)
        start, _, rest = path.partition(path[path.lower().index("ada/old") :][:7])
        assert answer.headers["Location"] == f"/user/ada/phub{start}acme/New{rest}{query}"


def test_the_real_client_and_git_follow(served: Any, tmp_path: Path) -> None:
    model = RepoClient(served, "here", "dataset")
    model.commit(add("a.txt", "one"))
    client = api(served)
    client.move_repo("ada/here", "acme/there", repo_type="dataset")
    assert client.dataset_info("ada/here").id == "acme/there"
    read = client.hf_hub_download("ada/here", "a.txt", repo_type="dataset", cache_dir=tmp_path)
    assert Path(read).read_text() == "one"
    client.create_commit(
        "ada/here",
        [CommitOperationAdd("b.bin", b"\0" * 2000), CommitOperationAdd("c.txt", b"three")],
        commit_message="by the old name",
        repo_type="dataset",
    )
    assert "b.bin" in client.list_repo_files("acme/there", repo_type="dataset")
    target = tmp_path / "clone"
    address = f"{served.endpoint}/datasets/ada/here".replace("://", f"://x:{served.token()}@")

    def git(*words: str, folder: Path = tmp_path) -> None:
        known = {"GIT_TERMINAL_PROMPT": "0", "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        subprocess.run(["git", *words], cwd=folder, env=known, check=True, capture_output=True)

    git("lfs", "install")
    git("clone", address, str(target))
    assert (target / "c.txt").read_text() == "three"
    assert (target / "b.bin").read_bytes() == b"\0" * 2000
    (target / "d.bin").write_bytes(b"\1" * 3000)
    git("add", ".", folder=target)
    git("-c", "user.name=ada", "-c", "user.email=a@b.c", "commit", "-m", "d", folder=target)
    git("push", folder=target)
    files = client.get_paths_info("acme/there", ["d.bin"], repo_type="dataset")
    assert [file.size for file in files] == [3000]  # type: ignore[union-attr]


def test_chains_ends_and_ways_back(served: Any) -> None:
    RepoClient(served, "a")
    client = api(served)
    for former, name in (("ada/a", "ada/b"), ("ada/b", "ada/c")):
        client.move_repo(former, name)
    assert {client.model_info(f"ada/{name}").id for name in "abc"} == {"ada/c"}
    client.move_repo("ada/c", "ada/a")  # back: its own redirect ends, the others stay
    assert {client.model_info(f"ada/{name}").id for name in "abc"} == {"ada/a"}
    client.move_repo("ada/a", "ada/A")
    assert client.model_info("ada/a").id == "ada/A"
    client.create_repo("ada/b")  # a new repository ends the redirect
    assert client.model_info("ada/b").id == "ada/b"
    client.delete_repo("ada/A")
    for gone in ("ada/c", "ada/a"):
        assert not client.repo_exists(gone)


def test_a_former_name_tells_nothing_to_those_who_may_not_see_the_repository(served: Any) -> None:
    RepoClient(served, "hidden", private=True)
    api(served).move_repo("ada/hidden", "ada/elsewhere")
    for user in ("bob", None):
        for path in ("/api/models/ada/{}", "/ada/{}/resolve/main/x", "/ada/{}.git/info/refs"):
            answers = [ask(served, "GET", path.format(name), user) for name in ("hidden", "none")]
            assert answers[0].status_code == answers[1].status_code in (401, 404)
            assert answers[0].text == answers[1].text
            assert "Location" not in answers[0].headers
    assert ask(served, "GET", "/api/models/ada/hidden").status_code == 307


def test_who_may_move_what_where(served: Any) -> None:
    RepoClient(served, "mine")
    RepoClient(served, "other")
    body = {"fromRepo": "ada/mine", "toRepo": "ada/x", "type": "model"}
    assert ask(served, "POST", "/api/repos/move", "bob", json=body).status_code == 403
    assert ask(served, "POST", "/api/repos/move", None, json=body).status_code == 401
    with pytest.raises(HfHubHTTPError, match="403"):
        api(served).move_repo("ada/mine", "globex/mine")
    with pytest.raises(HfHubHTTPError, match="409"):
        api(served).move_repo("ada/mine", "ada/OTHER")
    with pytest.raises(RepositoryNotFoundError):
        api(served).move_repo("ada/none", "ada/x")
    bad: list[Any] = [{}, {**body, "toRepo": 3}, {**body, "toRepo": "ada/a b"}, {**body, "type": 1}]
    for wrong in bad:
        assert ask(served, "POST", "/api/repos/move", json=wrong).status_code == 400
    assert api(served).model_info("ada/mine").id == "ada/mine"


def test_an_old_name_in_a_body_is_not_followed(served: Any) -> None:
    RepoClient(served, "first")
    api(served).move_repo("ada/first", "ada/second")
    body = {"name": "first", "organization": "ada"}
    answer = ask(served, "DELETE", "/api/repos/delete", json=body)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RepoNotFound")
    assert "ada/second" in answer.json()["error"]
    assert api(served).repo_exists("ada/second")


def test_scopes_of_tokens_stay_with_the_repository(served: Any) -> None:
    model = RepoClient(served, "scoped", private=True)
    scopes = [{"type": "model", "id": model.repo.uid, "rights": ["read"]}]
    client = HfApi(
        endpoint=served.endpoint,
        token=served.hub.accounts.add_token("ada", name="t", role="fineGrained", scopes=scopes),
    )
    api(served).move_repo("ada/scoped", "ada/renamed")
    assert client.model_info("ada/scoped").id == "ada/renamed"


def test_a_move_is_found_by_its_new_name(served: Any) -> None:
    RepoClient(served, "walrus")
    api(served).move_repo("ada/walrus", "ada/narwhal")
    assert [item.id for item in api(served).list_models(search="narwhal")] == ["ada/narwhal"]
    assert list(api(served).list_models(search="walrus")) == []
