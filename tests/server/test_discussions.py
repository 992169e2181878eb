"""Discussions and pull requests, by the public client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub with ada, bob and cy, shared by all tests of this module."""
    from tests.conftest import HubServer

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
    assert details.title == "How to use it" and details.status == "open"
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
        assert event == hidden and "second" not in str(event) and "first" not in str(event)
    with pytest.raises(HfHubHTTPError, match="409"):
        bob.edit_discussion_comment(model, number, first.id, "third")
