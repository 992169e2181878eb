"""Names and texts that only look like what they stand for: refused, and nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .repo_client import RepoClient, add, line

HALF = "\ud800"


@pytest.fixture
def model(hub_server: Any) -> RepoClient:
    """A public model of ada."""
    return RepoClient(hub_server)


def test_nul_does_not_cut_a_branch_name_short(model: RepoClient) -> None:
    head = model.head
    answer = model.request("DELETE", f"{model.api}/branch/main%00")
    assert answer.status_code == 404
    assert answer.headers["X-Error-Code"] == "RevisionNotFound"
    assert model.head == head


@pytest.mark.parametrize("place", ["branch/other%00x", "tag/other%00x"])
def test_nul_does_not_cut_a_removed_name_short(model: RepoClient, place: str) -> None:
    for call in ("branch/other", "tag/main"):
        model.request("POST", f"{model.api}/{call}", json={"tag": "other"}).raise_for_status()
    assert model.request("DELETE", f"{model.api}/{place}").status_code == 404
    refs = model.request("GET", f"{model.api}/refs").json()
    assert {ref["name"] for kind in ("branches", "tags") for ref in refs[kind]} == {"main", "other"}


@pytest.mark.parametrize("address", ["{api}/tree/main%00", "{web}/resolve/main%00/.gitattributes"])
def test_nul_does_not_cut_a_revision_short(model: RepoClient, address: str) -> None:
    answer = model.request("GET", address.format(api=model.api, web=model.web))
    assert answer.headers["X-Error-Code"] == "RevisionNotFound"


@pytest.mark.parametrize("revision", ["main%00", "main%00x"])
def test_nul_does_not_cut_the_branch_of_a_commit_short(model: RepoClient, revision: str) -> None:
    head = model.head
    answer = model.commit(line("deletedFile", path=".gitattributes"), revision=revision)
    assert answer.status_code == 404
    assert model.head == head


def test_half_a_character_in_a_path_is_no_path(model: RepoClient) -> None:
    answer = model.request("POST", f"{model.api}/paths-info/main", json={"paths": [HALF]})
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "/api/repos/create", {"name": HALF}),
        ("POST", "/api/repos/create", {"name": "x", "type": HALF}),
        ("POST", "/api/repos/create", {"name": "x", "visibility": HALF}),
        ("POST", "/api/validate-yaml", {"content": HALF, "repoType": HALF}),
        ("POST", "/api/models/ada/m/tag/main", {"tag": HALF}),
        ("POST", "/api/models/ada/m/tag/main", {"tag": "t", "message": HALF}),
        ("POST", "/api/models/ada/m/branch/b", {"startingPoint": HALF}),
        ("POST", "/api/models/ada/m/preupload/main", {"files": [{"path": HALF, "size": 1}]}),
    ],
)
def test_half_a_character_is_refused_in_words(
    model: RepoClient, method: str, address: str, body: dict[str, Any]
) -> None:
    answer = model.request(method, address, data=json.dumps(body))
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]


@pytest.mark.parametrize("key", ["summary", "file"])
def test_half_a_character_in_a_commit_is_refused_in_words(model: RepoClient, key: str) -> None:
    answer = model.commit(line(key + HALF, path="a"))
    assert answer.status_code == 400
    assert "key" in answer.json()["error"]


def test_a_path_without_end_is_refused(model: RepoClient) -> None:
    answer = model.commit(add("a/" * 2000 + "a", "text"))
    assert answer.status_code == 422
    assert "path" in answer.json()["error"]
    model.commit(add("a/" * 199 + "a", "text")).raise_for_status()


@pytest.mark.parametrize(
    ("address", "field"),
    [
        (f"/api/models?filter={'a,' * 2000}", "filter"),
        (f"/api/models?{'search=a&' * 200}", "search"),
        (f"/api/phub/search?{'tag=a&' * 200}", "tag"),
    ],
)
def test_more_filters_than_the_database_can_take(
    model: RepoClient, address: str, field: str
) -> None:
    answer = model.request("GET", address)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{field}:")


@pytest.mark.parametrize("credentials", ["Basic ÿÿ", "Basic =", "Basic /w==", "Bearer é", "Basic"])
def test_credentials_that_are_no_credentials(model: RepoClient, credentials: str) -> None:
    headers = {"Authorization": credentials.encode("latin-1")}
    answer = model.request("GET", f"{model.api}/refs", user=None, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["X-Error-Code"] == "Unauthorized"


def test_a_mistake_of_ours_is_logged_without_the_query(
    hub_server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(hub_server.hub.search, "listing", fail)
    model = RepoClient(hub_server)
    answer = model.request("GET", "/api/models?auth=signature")
    assert answer.status_code == 500
    assert "a mistake" in caplog.text
    assert "signature" not in caplog.text
    assert "signature" not in answer.text
