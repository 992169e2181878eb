"""Discussions and pull requests, by the public client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pygit2
import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from sqlalchemy import delete

from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Namespace
from phub_jupyter.hub.repos.git_repository import GitRepository, signature
from phub_jupyter.hub.repos.tree_edit import TreeEdit
from phub_jupyter.identifiers import RepoType

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def server(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub with ada, bob and cy, shared by all tests of this module."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("hub"))
    for name in ("ada", "bob", "cy"):
        server.add_user(name)
    yield server
    server.close()


@pytest.fixture(scope="module")
def apis(server: Any) -> dict[str, HfApi]:
    """Each person's client."""
    return {
        name: HfApi(endpoint=server.endpoint, token=server.token(name))
        for name in ("ada", "bob", "cy")
    }


@pytest.fixture(scope="module")
def model(apis: dict[str, HfApi]) -> str:
    """A public model of ada."""
    apis["ada"].create_repo("ada/talk")
    return "ada/talk"


def test_a_discussion_from_start_to_end(apis: dict[str, HfApi], model: str) -> None:
    ada, bob = apis["ada"], apis["bob"]
    opened = bob.create_discussion(model, "  How do I use it? ", description="I **tried**.")
    number = opened.num
    assert (opened.title, opened.status, opened.author) == ("How do I use it?", "open", "bob")
    assert (opened.is_pull_request, opened.diff, opened.conflicting_files) == (False, None, None)
    assert [event.content for event in opened.events] == ["I **tried**."]

    said = ada.comment_discussion(model, number, "Like this:\n`x`")
    assert (said.author, said.content, said.edited, said.hidden) == (
        "ada",
        "Like this:\n`x`",
        False,
        False,
    )
    renamed = bob.rename_discussion(model, number, "How to use it")
    assert (renamed.old_title, renamed.new_title) == ("How do I use it?", "How to use it")
    closed = bob.change_discussion_status(model, number, "closed", comment="Thanks")
    assert closed.new_status == "closed"
    reopened = ada.change_discussion_status(model, number, "open")

    details = bob.get_discussion_details(model, number)
    assert details.title == "How to use it"
    assert details.status == "open"
    assert details.events[1] == said
    assert details.events[2] == renamed
    assert details.events[3].content == "Thanks"
    assert details.events[4:] == [closed, reopened]
    assert bob.get_discussion_details(model, number) == details


@pytest.mark.filterwarnings("ignore:Hidden comments")
def test_edits_are_listed_and_hidden_text_is_gone(apis: dict[str, HfApi], model: str) -> None:
    ada, bob = apis["ada"], apis["bob"]
    number = bob.create_discussion(model, "Edits", description="<script>first</script>").num
    first = ada.get_discussion_details(model, number).events[0]
    assert first.rendered == "<p>&lt;script&gt;first&lt;/script&gt;</p>"
    edited = bob.edit_discussion_comment(model, number, first.id.upper(), "second")
    assert (edited.content, edited.edited, edited.last_edited_by) == ("second", True, "bob")
    assert [version["raw"] for version in edited.edit_history] == [
        "second",
        "<script>first</script>",
    ]
    assert ada.get_discussion_details(model, number).events[0] == edited
    with pytest.raises(HfHubHTTPError, match="403"):
        apis["cy"].edit_discussion_comment(model, number, first.id, "mine")
    with pytest.raises(HfHubHTTPError, match="403"):
        apis["cy"].hide_discussion_comment(model, number, first.id)
    hidden = ada.hide_discussion_comment(model, number, first.id)
    assert (hidden.hidden, hidden.content) == (True, "")
    for name in ("ada", "bob", "cy"):
        event = apis[name].get_discussion_details(model, number).events[0]
        assert event == hidden
        assert "second" not in str(event)
        assert "first" not in str(event)
    with pytest.raises(HfHubHTTPError, match="409"):
        bob.edit_discussion_comment(model, number, first.id, "third")


def _call(server: Any, person: str | None, method: str, path: str, **kwargs: Any) -> Any:
    headers = {} if person is None else server.headers(person)
    headers |= kwargs.pop("headers", {})
    return requests.request(
        method, f"{server.endpoint}{path}", headers=headers, timeout=30, **kwargs
    )


def test_lists_are_filtered_and_paged(apis: dict[str, HfApi], server: Any) -> None:
    ada, bob = apis["ada"], apis["bob"]
    ada.create_repo("ada/listed", repo_type="dataset")
    for number in range(1, 53):
        person = bob if number % 2 else ada
        person.create_discussion(
            "ada/listed", f"T{number}", repo_type="dataset", pull_request=number == 52
        )
    ada.change_discussion_status("ada/listed", 3, "closed", repo_type="dataset")

    def numbers(**filters: Any) -> list[int]:
        found = ada.get_repo_discussions("ada/listed", repo_type="dataset", **filters)
        return [item.num for item in found]

    assert numbers() == list(range(52, 0, -1))
    assert numbers(discussion_type="pull_request") == [52]
    assert numbers(discussion_status="closed") == [3]
    assert 52 in numbers(discussion_status="open")
    assert numbers(author="BOB") == list(range(51, 0, -2))
    assert numbers(author="nobody") == []
    api = "/api/datasets/ada/listed/discussions"
    page = _call(server, None, "get", f"{api}?p=1").json()
    assert (page["count"], page["start"], len(page["discussions"])) == (52, 50, 2)
    assert page["discussions"][0]["repo"] == {"name": "ada/listed", "type": "dataset"}
    page = _call(server, None, "get", f"{api}?limit=20&p=2").json()
    assert [item["num"] for item in page["discussions"]] == list(range(12, 0, -1))
    assert _call(server, None, "get", f"{api}?limit=0").status_code == 400
    assert _call(server, None, "get", f"{api}?p=99").json()["discussions"] == []
    assert _call(server, None, "get", f"{api}?status=odd").status_code == 400
    assert _call(server, None, "get", f"{api}?p=-1").status_code == 400
    assert _call(server, None, "get", f"{api}/999999999").status_code == 404


def test_an_account_that_is_gone(apis: dict[str, HfApi], server: Any, model: str) -> None:
    server.add_user("gone")
    api = HfApi(endpoint=server.endpoint, token=server.token("gone"))
    number = api.create_discussion(model, "Bye", description="@ada").num
    with server.hub.database.write() as session:
        session.execute(delete(Namespace).where(Namespace.key == "gone"))
    details = apis["ada"].get_discussion_details(model, number)
    assert (details.author, details.events[0].author) == ("deleted", "deleted")
    assert details.events[0].last_edited_by == "deleted"
    listed = list(apis["ada"].get_repo_discussions(model))
    assert "deleted" in {item.author for item in listed}


def test_a_pull_request_begins_as_a_draft(apis: dict[str, HfApi], model: str) -> None:
    ada, bob = apis["ada"], apis["bob"]
    opened = bob.create_pull_request(model, "Better", description="It is better")
    assert (opened.status, opened.is_pull_request) == ("draft", True)
    assert (opened.git_reference, opened.target_branch) == (
        f"refs/pr/{opened.num}",
        "refs/heads/main",
    )
    assert (opened.conflicting_files, opened.merge_commit_oid, opened.diff) == ([], None, "")
    refs = ada.list_repo_refs(model, include_pull_requests=True)
    assert refs.pull_requests is not None
    assert f"refs/pr/{opened.num}" in [ref.ref for ref in refs.pull_requests]
    with pytest.raises(HfHubHTTPError, match="draft"):
        ada.merge_pull_request(model, opened.num)
    bob.change_discussion_status(model, opened.num, "open")
    with pytest.raises(HfHubHTTPError, match="403"):
        bob.merge_pull_request(model, opened.num)
    ada.merge_pull_request(model, opened.num, comment="Thank you")
    merged = bob.get_discussion_details(model, opened.num)
    assert merged.status == "merged"
    assert merged.merge_commit_oid is not None
    assert [event.type for event in merged.events][-2:] == ["comment", "status-change"]
    with pytest.raises(HfHubHTTPError, match="409"):
        bob.change_discussion_status(model, opened.num, "closed")


def test_comments_on_lines_pins_and_locks(apis: dict[str, HfApi], server: Any, model: str) -> None:
    bob = apis["bob"]
    number = bob.create_pull_request(model, "Lines").num
    api = f"/api/models/{model}/discussions/{number}"
    place = {"path": "a/b.txt", "line": 3, "side": "right"}
    said = _call(server, "ada", "post", f"{api}/comment", json={"comment": "why?", **place})
    data = said.json()["newMessage"]["data"]
    assert {key: data[key] for key in place} == place
    for wrong in (
        {"line": 3},
        {"path": "../x"},
        {"path": "a", "line": 0},
        {"path": "a", "line": True},
        {"path": "a", "side": "up"},
        {"path": ["a"]},
        {"comment": " "},
        {"comment": "x" * 70_000},
        {"comment": "\0"},
        {"comment": None},
    ):
        answer = _call(server, "ada", "post", f"{api}/comment", json={"comment": "x", **wrong})
        assert answer.status_code in (400, 422), (wrong, answer.text)
    assert _call(server, "bob", "post", f"{api}/pin", json={"pinned": True}).status_code == 403
    assert _call(server, "ada", "post", f"{api}/pin", json={"pinned": "yes"}).status_code == 400
    assert _call(server, "ada", "post", f"{api}/pin", json={"pinned": True}).ok
    assert _call(server, "ada", "post", f"{api}/lock", json={"locked": True}).ok
    body = _call(server, None, "get", api).json()
    assert (body["pinned"], body["locked"]) == (True, True)
    assert _call(server, "bob", "post", f"{api}/comment", json={"comment": "x"}).status_code == 403
    assert _call(server, "ada", "post", f"{api}/comment", json={"comment": "x"}).ok
    assert _call(server, None, "post", f"{api}/comment", json={"comment": "x"}).status_code == 401
    read_only = server.headers("bob", "read")
    answer = _call(server, None, "post", f"{api}/comment", json={"comment": "x"}, headers=read_only)
    assert answer.status_code == 403


def test_private_and_gated_repositories(apis: dict[str, HfApi], server: Any) -> None:
    ada, bob = apis["ada"], apis["bob"]
    ada.create_repo("ada/hidden", private=True)
    number = ada.create_discussion("ada/hidden", "Secret").num
    for call in (
        lambda: bob.get_discussion_details("ada/hidden", number),
        lambda: bob.create_pull_request("ada/hidden", "x"),
        lambda: list(bob.get_repo_discussions("ada/hidden")),
    ):
        with pytest.raises(RepositoryNotFoundError):
            call()

    ada.create_repo("ada/gated")
    pull = ada.create_pull_request("ada/gated", "Look").num
    git = server.hub.repositories.open(
        server.hub.repositories.find(
            server.hub.accounts.actor_for_user("ada"), Action.READ, RepoType.MODEL, "ada/gated"
        )
    )
    _commit(git, f"refs/pr/{pull}", "secret.txt", b"the secret\n")
    ada.update_repo_settings("ada/gated", gated="manual")
    shown = bob.get_discussion_details("ada/gated", pull)
    assert shown.title == "Look"
    assert "the secret" not in (shown.diff or "")
    assert "+the secret" in (ada.get_discussion_details("ada/gated", pull).diff or "")
    with pytest.raises(HfHubHTTPError, match="restricted"):
        bob.comment_discussion("ada/gated", pull, "let me in")


def _commit(git: GitRepository, ref: str, path: str, content: bytes) -> None:
    head = git.head(ref)
    edit = TreeEdit(git.raw, git.root(head))
    edit.put(path, git.raw.create_blob(content))
    person = signature("ada")
    parents: list[str | pygit2.Oid] = [pygit2.Oid(hex=head)]
    oid = git.raw.create_commit(None, person, person, f"add {path}", edit.write(), parents)
    git.move_ref(ref, head, str(oid))


def test_a_diff_without_end_is_cut(apis: dict[str, HfApi], server: Any) -> None:
    ada = apis["ada"]
    ada.create_repo("ada/long")
    number = ada.create_pull_request("ada/long", "Long").num
    repo = server.hub.repositories.find(
        server.hub.accounts.actor_for_user("ada"), Action.READ, RepoType.MODEL, "ada/long"
    )
    git = server.hub.repositories.open(repo)
    _commit(git, f"refs/pr/{number}", "a.txt", b"much\n" * 100_000)
    for letter in "bcdefgh":
        _commit(git, f"refs/pr/{number}", f"{letter}.txt", b"line\n" * 40_000)
    _commit(git, f"refs/pr/{number}", "odd name \xff.txt", b"\xff\xfe text\n")
    diff = ada.get_discussion_details("ada/long", number).diff or ""
    assert "too large to show" in diff
    assert "too long to show" in diff
    assert len(diff) < 2_000_000
