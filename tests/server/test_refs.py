"""Branches and tags over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import requests

from .repo_client import RepoClient, add


@pytest.fixture
def model(hub_server: Any) -> RepoClient:
    """A public model of ada."""
    return RepoClient(hub_server)


def test_refs_come_sorted_by_kind(model: RepoClient) -> None:
    head = model.head
    model.git.create_ref("refs/pr/1", head)
    model.git.create_ref("refs/convert/parquet", head)
    for path, body in (("branch/dev%2Fx", {}), ("tag/main", {"tag": "v1", "message": "first"})):
        assert model.request("POST", f"{model.api}/{path}", json=body).status_code == 200
    body = model.request("GET", f"{model.api}/refs", user=None).json()

    def ref(name: str, full: str) -> list[dict[str, str]]:
        return [{"name": name, "ref": full, "targetCommit": head}]

    assert body == {
        "branches": ref("dev/x", "refs/heads/dev/x") + ref("main", "refs/heads/main"),
        "tags": ref("v1", "refs/tags/v1"),
        "converts": ref("parquet", "refs/convert/parquet"),
    }
    body = model.request("GET", f"{model.api}/refs?include_prs=1").json()
    assert body["pullRequests"] == ref("1", "refs/pr/1")


def test_a_branch_starts_where_it_is_told_to(model: RepoClient) -> None:
    first = model.head
    model.commit(add("x", "x"))
    model.request("POST", f"{model.api}/branch/old", json={"startingPoint": first})
    model.request("POST", f"{model.api}/branch/new", json={})
    assert (model.git.resolve("old"), model.git.resolve("new")) == (first, model.head)
    assert model.request("DELETE", f"{model.api}/branch/old").status_code == 200
    assert [ref.name for ref in model.git.refs()] == ["refs/heads/main", "refs/heads/new"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "words"),
    [
        ("POST", "branch/main", {}, 409, "Conflict", "Reference refs/heads/main already exists"),
        ("POST", "branch/a..b", {}, 400, "InvalidRequest", "revision"),
        ("POST", "branch/x", {"startingPoint": "no"}, 404, "RevisionNotFound", "Invalid rev id"),
        ("POST", "branch/x", {"startingPoint": 3}, 400, "InvalidRequest", "startingPoint"),
        ("DELETE", "branch/main", {}, 400, "InvalidRequest", "Cannot delete refs/heads/main"),
        ("DELETE", "branch/nope", {}, 404, "RevisionNotFound", "Invalid rev id"),
        ("POST", "tag/nope", {"tag": "a..b"}, 404, "RevisionNotFound", "Invalid rev id"),
        ("POST", "tag/main", {"tag": "a..b"}, 400, "InvalidRequest", "revision"),
        ("POST", "tag/main", {}, 400, "InvalidRequest", "tag"),
        ("DELETE", "tag/main", {}, 404, "RevisionNotFound", "Invalid rev id"),
        ("POST", "super-squash/main", {"message": " "}, 400, "InvalidRequest", "message"),
        ("POST", "super-squash/main", {"message": "\ud800"}, 400, "InvalidRequest", "message"),
        ("POST", "super-squash/nope", {"message": "m"}, 404, "RevisionNotFound", "Invalid rev id"),
        ("POST", "super-squash/refs%2Fpr%2F1", {"message": "m"}, 404, "RevisionNotFound", "pr/1"),
    ],
)
def test_refusals(
    model: RepoClient,
    method: str,
    path: str,
    body: dict[str, Any],
    status: int,
    code: str,
    words: str,
) -> None:
    answer = model.request(method, f"{model.api}/{path}", json=body)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)
    assert words in answer.json()["error"]
    assert [ref.name for ref in model.git.refs()] == ["refs/heads/main"]


def test_a_tag_is_made_once(model: RepoClient) -> None:
    for message in ("", "words"):
        body = {"tag": f"v{message}", "message": message}
        statuses = [
            model.request("POST", f"{model.api}/tag/main", json=body).status_code for _ in "ab"
        ]
        assert statuses == [200, 409]
        assert model.request("DELETE", f"{model.api}/tag/v{message}").status_code == 200


@pytest.mark.parametrize(("user", "status"), [("bob", 403), (None, 401)])
def test_only_writers_move_refs(model: RepoClient, user: str | None, status: int) -> None:
    for method, path in (("POST", "branch/x"), ("DELETE", "branch/main"), ("POST", "tag/main")):
        answer = model.request(method, f"{model.api}/{path}", user=user, json={"tag": "t"})
        assert answer.status_code == status
    assert [ref.name for ref in model.git.refs()] == ["refs/heads/main"]


def test_a_squashed_branch_has_one_commit(model: RepoClient) -> None:
    model.commit(add("README.md", "---\nlicense: mit\n---\n"), add("x", "x"))
    body = {"title": "t", "description": "", "pullRequest": True}
    assert model.request("POST", f"{model.api}/discussions", json=body, user="bob").ok
    model.request("POST", f"{model.api}/tag/main", json={"tag": "v1"})
    kept = model.head
    for branch, ref in (("main", "refs/heads/main"), ("refs%2Fpr%2F1", "refs/pr/1")):
        answer = model.request(
            "POST", f"{model.api}/super-squash/{branch}", json={"message": "one"}
        )
        assert answer.status_code == 200
        commits = model.request("GET", f"{model.api}/commits/{branch}").json()
        assert [(commit["title"], commit["authors"]) for commit in commits] == [
            ("one", [{"user": "ada"}])
        ]
        assert model.git.find(ref) == commits[0]["id"] != kept
    assert model.files()["x"] == b"x"
    assert model.request("GET", model.api).json()["sha"] == model.head
    assert model.git.resolve("v1") == kept
    for tag in ("v1", kept):
        body = {"message": "m"}
        answer = model.request("POST", f"{model.api}/super-squash/{tag}", json=body)
        assert (answer.status_code, "Invalid reference" in answer.json()["error"]) == (400, True)


def test_who_listens_hears_of_refs(model: RepoClient) -> None:
    heard: list[Any] = []
    model.hub.events.listen(heard.append)
    head = model.head
    model.request("POST", f"{model.api}/branch/x", json={})
    model.request("DELETE", f"{model.api}/branch/x")
    changes = [(event.scope, event.refs[0].old, event.refs[0].new) for event in heard]
    assert changes == [("repo.content", None, head), ("repo.content", head, None)]


@pytest.mark.parametrize("message", ["", "a note"])
@pytest.mark.parametrize("kind", ["branch", "tag"])
def test_a_name_below_or_above_another_is_refused(
    model: RepoClient, kind: str, message: str
) -> None:
    def make(name: str) -> requests.Response:
        body = {"tag": name, "message": message}
        address = f"branch/{quote(name, safe='')}" if kind == "branch" else "tag/main"
        return model.request("POST", f"{model.api}/{address}", json=body)

    make("a/b").raise_for_status()
    for name in ("a", "a/b/c"):
        answer = make(name)
        assert answer.status_code == 409, answer.text
        assert "cannot be made while there is" in answer.json()["error"]
