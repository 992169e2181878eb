"""Cards are checked before they are committed."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from huggingface_hub import DatasetCard, ModelCard

from .repo_client import RepoClient, add


def validate(server: Any, content: object, repo_type: str = "model") -> requests.Response:
    """Ask as the clients do: without a token."""
    body = {"content": content, "repoType": repo_type}
    headers = {"Accept": "text/plain"}
    url = f"{server.endpoint}/api/validate-yaml"
    return requests.post(url, json=body, headers=headers, timeout=30)


def test_a_good_card_is_neither_refused_nor_warned_about(hub_server: Any) -> None:
    answer = validate(hub_server, "---\nlicense: mit\nlanguage: [en]\n---\n# Hi\n")
    assert (answer.status_code, answer.json()) == (200, {"errors": [], "warnings": []})


@pytest.mark.parametrize("content", ["", "# Hi\n", "---\n---\n# Hi\n"])
def test_a_card_without_metadata_is_warned_about(hub_server: Any, content: str) -> None:
    answer = validate(hub_server, content)
    assert answer.status_code == 200
    assert answer.json()["errors"] == []
    assert "empty or missing yaml metadata" in answer.json()["warnings"][0]["message"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("---\nlicense: [mit\n---\n", "line"),
        ("---\n- a\n- b\n---\n", "mapping"),
        ("---\ntags: 7\n---\n", "tags"),
        ("---\nlicense: {a: b}\n---\n", "license"),
        ("---\na: !!python/object/apply:os.system ['true']\n---\n", "python"),
    ],
)
def test_a_bad_card_is_refused_with_a_list_of_messages(
    hub_server: Any, content: str, word: str
) -> None:
    answer = validate(hub_server, content)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/json")
    messages = [error["message"] for error in answer.json()["errors"]]
    assert messages
    assert word in " ".join(messages)
    assert answer.json()["warnings"] == []
    assert "\n" not in answer.headers["X-Error-Message"]


@pytest.mark.parametrize(
    ("body", "field"), [({}, "content"), ({"content": 7}, "content"), ([], "body")]
)
def test_a_malformed_request_names_the_field(hub_server: Any, body: Any, field: str) -> None:
    answer = requests.post(f"{hub_server.endpoint}/api/validate-yaml", json=body, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{field}:")


def test_an_unknown_type_of_repository_is_named(hub_server: Any) -> None:
    answer = validate(hub_server, "# Hi", "game")
    assert answer.status_code == 400
    assert "'game'" in answer.json()["error"]


def test_the_cards_of_the_client_pass(hub_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub_server.endpoint)
    ModelCard("---\nlicense: mit\n---\n# Hi\n").validate()
    DatasetCard("---\nlicense: mit\nsize_categories:\n- n<1K\n---\n# Hi\n").validate()
    with pytest.raises(ValueError, match="license"):
        ModelCard("---\nlicense:\n  a: b\n---\n").validate()


def test_a_commit_with_a_card_that_is_no_yaml_is_refused_whole(hub_server: Any) -> None:
    model = RepoClient(hub_server)
    head = model.head
    answer = model.commit(add("a.txt", "a"), add("README.md", "---\nlicense: [mit\n---\n"))
    assert answer.status_code == 400
    assert "README.md" in answer.json()["error"]
    assert model.head == head


@pytest.mark.parametrize(
    "metadata",
    [
        "".join(f"k{number}: {number}\n" for number in range(100_000)),
        "a: [" + "1," * 500_000 + "]",
        "a: " + "[" * 200_000,
        "a: " + "1:" * 100_000 + "1",
        "d: !!int '" + "1:" * 100_000 + "1'",
        "a: &a {x: 1}\n" + "".join(f"b{n}: &a {{<<: [*a, *a]}}\n" for n in range(40)),
    ],
    ids=["flat", "list", "deep", "sixties", "tagged", "merged"],
)
def test_a_card_keeps_nobody_busy(hub_server: Any, metadata: str) -> None:
    body = {"content": f"---\n{metadata}\n---\n", "repoType": "model"}
    began = time.monotonic()
    answer = requests.post(f"{hub_server.endpoint}/api/validate-yaml", json=body, timeout=30)
    assert (answer.status_code, bool(answer.json()["errors"])) == (400, True)
    assert time.monotonic() - began < 2
