"""Commits that are proposed instead of made: ``create_pr``, and ``refs/pr/N`` as a revision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from phub_jupyter.hub.events import Event

from ..conftest import HubServer
from .repo_client import RepoClient, add, line


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A hub for all tests of this module."""
    server = HubServer(tmp_path_factory.mktemp("proposed") / "hub")
    for name in ("ada", "bob", "eve"):
        server.add_user(name)
    yield server
    server.close()


@pytest.fixture
def model(server: HubServer, request: pytest.FixtureRequest) -> RepoClient:
    """A public model of ada."""
    return RepoClient(server, f"m{abs(hash(request.node.name)) % 10**9}")


def propose(model: RepoClient, *lines: str, user: str = "bob", base: str = "main", **h: Any) -> Any:
    data = "\n".join([line("header", summary="Better", description="why", **h), *lines])
    path = f"{model.api}/commit/{quote(base, safe='')}?create_pr=1"
    return model.request("POST", path, user=user, data=data)


def test_a_reader_proposes_and_the_branch_stays(model: RepoClient) -> None:
    heard: list[Event] = []
    model.hub.events.listen(heard.append)
    head = model.head
    answer = propose(model, add("x", "1"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["pullRequestUrl"] == f"{model.server.endpoint}{model.web}/discussions/1"
    assert body["commitUrl"].startswith(f"{model.server.endpoint}{model.web}/commit/")
    assert model.head == head
    assert model.files("refs/pr/1") == {"x": b"1"}
    assert model.git.resolve("refs/pr/1") == body["commitOid"]
    found = model.request("GET", f"{model.api}/discussions/1").json()
    assert (found["title"], found["status"], found["isPullRequest"]) == ("Better", "open", True)
    assert body["commitOid"] in {event["data"].get("oid") for event in found["events"]}
    assert [(event.action, event.scope) for event in heard if event.repo.pk == model.repo.pk] == [
        ("create", "discussion")
    ]


def test_its_author_and_writers_add_commits_and_nobody_else(model: RepoClient) -> None:
    propose(model, add("x", "1"))
    for user, expected in (("bob", 200), ("ada", 200), ("eve", 403), (None, 401)):
        answer = model.commit(add(f"by-{user}", "2"), revision="refs%2Fpr%2F1", user=user)
        assert answer.status_code == expected, answer.text
    assert set(model.files("refs/pr/1")) == {"x", "by-bob", "by-ada"}
    assert model.files() == {}
    found = model.request("GET", f"{model.api}/discussions/1").json()
    assert [event["type"] for event in found["events"]].count("commit") == 3
    asked = {"files": [{"path": "x", "size": 1, "sample": ""}]}
    place = f"{model.api}/preupload/refs%2Fpr%2F1"
    assert model.request("POST", place, user="bob", json=asked).status_code == 200
    assert model.request("POST", place, user="eve", json=asked).status_code == 403


def test_nothing_is_added_to_what_is_closed_or_missing(model: RepoClient) -> None:
    propose(model, add("x", "1"))
    status = f"{model.api}/discussions/1/status"
    assert model.request("POST", status, json={"status": "closed"}).status_code == 200
    for number, expected in ((1, 403), (2, 404)):
        answer = model.commit(add("y", "2"), revision=f"refs%2Fpr%2F{number}", user="bob")
        assert answer.status_code == expected, answer.text
    assert model.files("refs/pr/1") == {"x": b"1"}


def test_a_proposal_may_start_from_a_commit_that_is_not_the_newest(model: RepoClient) -> None:
    first = model.head
    model.commit(add("new", "1"))
    answer = propose(model, add("x", "1"), parentCommit=first)
    assert answer.status_code == 200, answer.text
    assert model.files("refs/pr/1") == {"x": b"1"}


@pytest.mark.parametrize(
    ("base", "lines", "status", "code"),
    [
        ("nowhere", [add("x", "1")], 404, "RevisionNotFound"),
        ("refs/pr/1", [add("x", "1")], 404, "RevisionNotFound"),
        ("main", [line("deletedFile", path="x")], 404, "EntryNotFound"),
        ("main", ["{"], 400, "InvalidRequest"),
    ],
)
def test_what_cannot_be_proposed_leaves_no_number(
    model: RepoClient, base: str, lines: list[str], status: int, code: str
) -> None:
    answer = propose(model, *lines, base=base)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)
    assert propose(model, add("x", "1")).json()["pullRequestUrl"].endswith("/discussions/1")


def test_read_tokens_and_strangers_propose_nothing(server: HubServer) -> None:
    model = RepoClient(server, "hidden", private=True)
    data = "\n".join([line("header", summary="s"), add("x", "1")])
    path = f"{model.api}/commit/main?create_pr=1"
    for user, role, status in (("eve", "write", 404), (None, "", 401), ("ada", "read", 403)):
        answer = model.request("POST", path, user=user, role=role, data=data)
        assert answer.status_code == status, answer.text
    assert [ref.name for ref in model.git.refs()] == ["refs/heads/main"]
