"""The life of a repository over HTTP, in the words of all client generations."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from .repo_client import RepoClient, add


@pytest.fixture
def model(hub_server: Any) -> RepoClient:
    """A public model of ada with a card and a large file."""
    model = RepoClient(hub_server, "Model")
    card = "---\nlicense: mit\npipeline_tag: text-classification\n---\n# Hi\n"
    large = model.hub.large_files
    sha256 = model.upload(b"weights" * 100)
    assert large.find(model.repo.pk, [sha256])
    line = {"path": "w.bin", "algo": "sha256", "oid": sha256, "size": 700}
    answer = model.commit(
        add("README.md", card), add("sub/a.txt", "a"), json.dumps({"key": "lfsFile", "value": line})
    )
    assert answer.status_code == 200, answer.text
    return model


def api(server: Any, user: str = "ada", role: str = "write") -> HfApi:
    """The unmodified client as that user."""
    return HfApi(endpoint=server.endpoint, token=server.token(user, role))


def call(
    server: Any, method: str, path: str, user: str | None = "ada", role: str = "write", **kw: Any
) -> requests.Response:
    """A plain request."""
    headers = {} if user is None else server.headers(user, role)
    url = f"{server.endpoint}{path}"
    return requests.request(method, url, headers=headers, timeout=30, **kw)


def create(server: Any, user: str | None = "ada", role: str = "write", **body: Any) -> Any:
    """Ask for a repository."""
    return call(server, "POST", "/api/repos/create", user, role, json=body)


@pytest.mark.parametrize(
    ("kind", "path"),
    [("model", "ada/new"), ("dataset", "datasets/ada/new"), ("space", "spaces/ada/new")],
)
def test_a_repository_is_created_where_its_address_says(
    hub_server: Any, kind: str, path: str
) -> None:
    extra = {"space_sdk": "static"} if kind == "space" else {}
    client = api(hub_server)
    url = client.create_repo("new", repo_type=kind, private=True, **extra)
    assert str(url) == f"{hub_server.endpoint}/{path}"
    assert (url.repo_id, url.repo_type) == ("ada/new", kind)
    info = client.repo_info("ada/new", repo_type=kind)
    assert info.private
    assert info.sha is not None
    assert [commit.title for commit in client.list_repo_commits("ada/new", repo_type=kind)] == [
        "initial commit"
    ]
    assert client.list_repo_files("ada/new", repo_type=kind) == [".gitattributes"]


def test_creating_again_is_a_conflict_that_the_client_can_forgive(hub_server: Any) -> None:
    client = api(hub_server)
    first = client.create_repo("ada/new")
    assert client.create_repo("ada/new", exist_ok=True) == first
    with pytest.raises(HfHubHTTPError, match="409"):
        client.create_repo("ada/new")
    answer = create(hub_server, name="NEW")
    assert answer.status_code == 409
    body = answer.json()
    assert body["url"] == f"{hub_server.endpoint}/ada/new"  # as its owner spelled it
    assert (body["name"], bool(body["error"])) == ("ada/new", True)


@pytest.mark.parametrize(
    ("body", "private"),
    [
        ({}, False),
        ({"private": True}, True),
        ({"private": False}, False),
        ({"visibility": "private"}, True),
        ({"visibility": "public"}, False),
    ],
)
def test_visibility_in_the_words_of_old_and_new_clients(
    hub_server: Any, body: dict[str, Any], private: bool
) -> None:
    answer = create(hub_server, name="new", organization=None, **body)
    assert answer.status_code == 200
    assert set(answer.json()) == {"url", "name", "id"}
    assert len(answer.json()["id"]) == 24
    assert call(hub_server, "GET", "/api/models/ada/new").json()["private"] is private


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({}, 400, "name"),
        ({"name": 7}, 400, "name"),
        ({"name": ""}, 400, "name"),
        ({"name": "a b"}, 400, "name"),
        ({"name": "../x"}, 400, "namespace"),
        ({"name": "x.git"}, 400, "name"),
        ({"name": "x", "type": "game"}, 400, "type"),
        ({"name": "x", "organization": "nobody"}, 400, "nobody"),
        ({"name": "x", "organization": "bob"}, 403, "namespace"),
        ({"name": "bob/x"}, 403, "namespace"),
        ({"name": "x", "visibility": "secret"}, 400, "visibility"),
        ({"name": "x", "private": "yes"}, 400, "private"),
        ({"name": "x", "type": "space", "sdk": 3}, 400, "sdk"),
        ({"name": "x", "type": "space", "sdk": "voila", "hardware": "h100"}, 501, "hardware"),
        ({"name": "x", "secrets": [{"key": "A", "value": "b"}]}, 400, "secrets"),
        ({"name": "x", "type": "space", "secrets": [{"key": "2", "value": "b"}]}, 400, "key"),
        ({"name": "x", "type": "space", "secrets": [{"key": "A"}]}, 400, "value"),
        ({"name": "x", "type": "space", "variables": {"A": "b"}}, 400, "variables"),
        ({"name": "x", "type": "space", "volumes": [{"type": "model"}]}, 501, "volumes"),
        ({"name": "x", "resourceGroupId": "a" * 24}, 400, "resourceGroupId"),
        ({"name": "x", "type": "space", "sdk": "static", "template": "t"}, 501, "template"),
    ],
)
def test_what_cannot_be_created_is_named_and_nothing_is_made(
    hub_server: Any, body: dict[str, Any], status: int, word: str
) -> None:
    answer = create(hub_server, **body)
    assert answer.status_code == status
    assert word in answer.json()["error"]
    assert list(hub_server.hub.repositories.all()) == []
    assert list((hub_server.hub.root / "repos").glob("??/*")) == []


def test_who_may_create(hub_server: Any) -> None:
    assert create(hub_server, user=None, name="x").status_code == 401
    assert create(hub_server, role="read", name="x").status_code == 403
    hub_server.hub.accounts.add_org("acme", "ada")
    hub_server.hub.accounts.add_member("acme", "bob", "read")
    assert create(hub_server, "bob", name="x", organization="acme").status_code == 403
    assert create(hub_server, "ada", name="x", organization="acme").status_code == 200
    assert create(hub_server, "root", role="admin", name="y", organization="ada").status_code == 200
    assert create(hub_server, "root", role="write", name="z", organization="ada").status_code == 403


def test_a_private_repository_and_a_missing_one_look_the_same(hub_server: Any) -> None:
    secret = RepoClient(hub_server, "secret", private=True)
    paths = ["", "/revision/main", "/tree/main", "/refs", "/commits/main", "/auth-check"]
    for user, status in ((None, 401), ("bob", 404)):
        for path in paths:
            hidden = secret.request("GET", f"{secret.api}{path}", user=user)
            missing = secret.request("GET", f"/api/models/ada/nothing{path}", user=user)
            assert (hidden.status_code, missing.status_code) == (status, status)
            assert hidden.headers["X-Error-Code"] == "RepoNotFound"
            assert hidden.content == missing.content
            noisy = {"Date", "X-Request-Id"}
            assert {k: v for k, v in hidden.headers.items() if k not in noisy} == {
                k: v for k, v in missing.headers.items() if k not in noisy
            }
    with pytest.raises(RepositoryNotFoundError):
        api(hub_server, "bob").repo_info("ada/secret")
    assert not api(hub_server, "bob").repo_exists("ada/secret")
    assert api(hub_server, "root", "admin").repo_exists("ada/secret")
    assert not api(hub_server, "root", "write").repo_exists("ada/secret")


@pytest.mark.parametrize("path", ["ada/a%20b", "ada/x.git", "-a/b", "ada/%2E%2E", "ada/a--b"])
def test_an_impossible_id_is_a_repository_that_does_not_exist(hub_server: Any, path: str) -> None:
    answer = call(hub_server, "GET", f"/api/models/{path}")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RepoNotFound")


@pytest.mark.parametrize(
    "path",
    [
        "/api/models/gpt2",
        "/api/datasets/squad/revision/main",
        "/api/models/gpt2/tree/main",
        "/gpt2/resolve/main/config.json",
        "/datasets/squad/resolve/main/a/b.csv",
    ],
)
def test_an_id_of_one_part_is_a_repository_that_does_not_exist(hub_server: Any, path: str) -> None:
    for user, status in (("ada", 404), (None, 401)):
        answer = call(hub_server, "GET", path, user)
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, "RepoNotFound")


def test_the_client_knows_that_such_a_repository_does_not_exist(hub_server: Any) -> None:
    with pytest.raises(RepositoryNotFoundError):
        api(hub_server).model_info("gpt2")


def test_info_holds_what_clients_build_on(model: RepoClient) -> None:
    info = api(model.server).model_info("ADA/model", files_metadata=True)
    assert (info.id, info.author, info.sha) == ("ada/Model", "ada", model.head)
    assert (info.private, info.gated, info.disabled) == (False, False, False)
    assert info.pipeline_tag == "text-classification"
    assert {"license:mit", "text-classification"} <= set(info.tags or [])
    assert info.card_data is not None
    assert info.card_data.license == "mit"
    assert info.created_at is not None
    assert info.last_modified is not None
    files = {sibling.rfilename: sibling for sibling in info.siblings or []}
    assert sorted(files) == [".gitattributes", "README.md", "sub/a.txt", "w.bin"]
    large, small = files["w.bin"], files["sub/a.txt"]
    assert (large.size, small.size, small.lfs) == (700, 1, None)
    assert large.lfs is not None
    assert large.lfs.size == 700
    assert len(large.lfs.sha256) == 64
    assert large.lfs.pointer_size > 100


def test_sizes_only_when_asked(model: RepoClient) -> None:
    plain = model.request("GET", model.api).json()
    assert {tuple(item) for item in plain["siblings"]} == {("rfilename",)}
    for word in ("true", "True", "1"):
        asked = model.request("GET", f"{model.api}?blobs={word}").json()
        assert all("size" in item and "blobId" in item for item in asked["siblings"])


def test_expand_gives_exactly_what_is_asked_for(model: RepoClient) -> None:
    body = model.request("GET", f"{model.api}?expand=sha&expand=likes").json()
    assert set(body) == {"_id", "id", "sha", "likes"}
    for word in ("expand=siblings", "expand%5B%5D=siblings"):
        assert set(model.request("GET", f"{model.api}?{word}").json()) == {"_id", "id", "siblings"}
    info = api(model.server).model_info("ada/Model", expand=["pipeline_tag", "tags"])
    assert info.pipeline_tag == "text-classification"
    assert info.sha is None
    refused = model.request("GET", f"{model.api}?expand=everything")
    assert refused.status_code == 400
    assert refused.json()["error"].startswith('"expand" must be one of [')


def test_info_at_a_revision(model: RepoClient) -> None:
    first = model.git.log(model.head)[-1].oid
    client = api(model.server)
    for revision in (first, first[:8]):
        info = client.repo_info("ada/Model", revision=revision)
        assert info.sha == first
        assert [sibling.rfilename for sibling in info.siblings or []] == [".gitattributes"]
    with pytest.raises(RevisionNotFoundError):
        client.repo_info("ada/Model", revision="nothing")
    answer = model.request("GET", f"{model.api}/revision/refs%2Fheads%2Fmain")
    assert answer.json()["sha"] == model.head


def test_auth_check_says_by_its_status_what_one_may_do(model: RepoClient) -> None:
    read, write = f"{model.api}/auth-check", f"{model.api}/auth-check/write"
    asked = [("ada", read), ("ada", write), ("bob", read), ("bob", write), (None, read)]
    statuses = [model.request("GET", path, user=user).status_code for user, path in asked]
    assert statuses == [200, 200, 200, 403, 200]
    assert model.request("GET", write, user=None).status_code == 401
    assert model.request("GET", write, role="read").status_code == 403
    api(model.server).auth_check("ada/Model")


@pytest.mark.parametrize("body", [{"visibility": "private"}, {"private": True}])
def test_visibility_can_be_changed_by_its_owner_alone(
    model: RepoClient, body: dict[str, Any]
) -> None:
    settings = f"{model.api}/settings"
    assert model.request("PUT", settings, user="bob", json=body).status_code == 403
    assert model.request("PUT", settings, user=None, json=body).status_code == 401
    assert model.request("PUT", settings, role="read", json=body).status_code == 403
    assert model.request("GET", model.api, user="bob").status_code == 200
    assert model.request("PUT", settings, json=body).status_code == 200
    assert model.request("GET", model.api, user="bob").status_code == 404
    api(model.server).update_repo_settings("ada/Model", visibility="public")
    assert model.request("GET", model.api, user="bob").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"visibility": "hidden"}, 400),
        ({"visibility": "protected"}, 400),
        ({"private": 1}, 400),
        ({"gated": "sometimes"}, 400),
        ({"gated": True}, 400),
        ({"xetEnabled": False}, 400),
        ({"discussionsDisabled": True}, 501),
    ],
)
def test_settings_that_are_not_built_change_nothing(
    model: RepoClient, body: dict[str, Any], status: int
) -> None:
    answer = model.request("PUT", f"{model.api}/settings", json=body)
    assert answer.status_code == status
    info = model.request("GET", model.api, user="bob").json()
    assert (info["private"], info["gated"]) == (False, False)


def test_a_setting_that_is_so_already_is_accepted(model: RepoClient) -> None:
    answer = model.request("PUT", f"{model.api}/settings", json={"xetEnabled": True})
    assert (answer.status_code, answer.json()["private"]) == (200, False)


def test_deletion_is_for_the_owner_and_for_good(model: RepoClient) -> None:
    client = api(model.server)
    body = {"name": "Model", "organization": "ada"}
    assert call(model.server, "DELETE", "/api/repos/delete", "bob", json=body).status_code == 403
    assert call(model.server, "DELETE", "/api/repos/delete", None, json=body).status_code == 401
    assert client.repo_exists("ada/Model")
    client.delete_repo("ada/model")
    assert not client.repo_exists("ada/Model")
    with pytest.raises(RepositoryNotFoundError):
        client.delete_repo("ada/Model")
    client.delete_repo("ada/Model", missing_ok=True)
    assert list((model.hub.root / "repos").glob("??/*")) == []
    missing = call(model.server, "DELETE", "/api/repos/delete", json={"name": "a b"})
    assert missing.status_code in (400, 404)


def test_what_is_not_built_says_so(model: RepoClient) -> None:
    answer = model.request("GET", "/api/datasets/ada/Model/parquet")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (501, "NotSupported")


def test_addresses_hold_the_prefix_below_which_the_hub_is_mounted(prefixed_hub_server: Any) -> None:
    url = api(prefixed_hub_server).create_repo("new", repo_type="dataset")
    assert str(url) == f"{prefixed_hub_server.endpoint}/datasets/ada/new"
    assert url.repo_id == "ada/new"
