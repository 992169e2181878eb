"""The side bar's search: all types at once, facets with counts, nothing that is hidden."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from phub_jupyter.hub.repos.operations import AddFile, CommitHeader
from phub_jupyter.identifiers import RepoId, RepoType

MODEL = (
    "---\nlicense: {license}\nlanguage: {language}\nlibrary_name: {library}\n"
    "pipeline_tag: {task}\n---\n# About {words}\n"
)


def put(
    server: Any, repo_id: str, card: str, repo_type: str = "model", private: bool = False
) -> None:
    """Add a repository with a card."""
    owner = server.hub.accounts.actor_for_user(repo_id.partition("/")[0])
    repo = server.hub.repositories.create(
        owner, RepoType(repo_type), RepoId.parse(repo_id), private=private
    )
    file = AddFile("README.md", card.encode())
    server.hub.commits.commit(repo, "main", CommitHeader("add", "", None), [file], owner)


@pytest.fixture
def full_hub(hub_server: Any) -> Any:
    """Two models, a dataset, a Space, and a private model of bob."""
    cards = {
        "ada/bert-sentiment": ("mit", "en", "transformers", "text-classification", "whales"),
        "ada/bert-names": ("mit", "de", "transformers", "token-classification", "harbors"),
        "bob/other": ("apache-2.0", "en", "sklearn", "text-classification", "whalers"),
    }
    for repo_id, values in cards.items():
        words = dict(zip(("license", "language", "library", "task", "words"), values, strict=True))
        put(hub_server, repo_id, MODEL.format(**words))
    put(
        hub_server,
        "ada/snippets",
        "---\nlicense: mit\nlanguage: en\ntask_categories: [text-classification]\n"
        "pretty_name: Movie snippets\n---\nLines.\n",
        "dataset",
    )
    put(hub_server, "ada/demo", "---\ntitle: Try it\nsdk: voila\n---\n", "space")
    secret = {"license": "secret-license", "language": "fr", "library": "x", "task": "fill-mask"}
    put(hub_server, "bob/secret", MODEL.format(**secret, words="whales"), private=True)
    return hub_server


def search(server: Any, user: str | None = "ada", **query: Any) -> dict[str, Any]:
    """One answer of the search."""
    headers = {} if user is None else server.headers(user)
    url = f"{server.endpoint}/api/phub/search?{urlencode(query, doseq=True)}"
    answer = requests.get(url, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def names(server: Any, user: str | None = "ada", **query: Any) -> set[str]:
    """The names that a search finds."""
    answer = search(server, user, **query)
    found = [item["name"] for item in answer["items"]]
    assert answer["total"] == len(found) == len(set(found))
    return set(found)


def counts(answer: dict[str, Any], facet: str) -> dict[str, int]:
    """A facet's values with their counts."""
    return {entry["value"]: entry["count"] for entry in answer["facets"][facet]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"bert-sentiment", "bert-names", "other", "snippets", "demo"}),
        ({"q": "bert"}, {"bert-sentiment", "bert-names"}),
        ({"q": "senti"}, {"bert-sentiment"}),
        ({"q": "whal"}, {"bert-sentiment", "other"}),
        ({"q": "WHALES"}, {"bert-sentiment"}),
        ({"q": "bert whales"}, {"bert-sentiment"}),
        ({"q": "bert-sent"}, {"bert-sentiment"}),
        ({"q": "ada/bert"}, {"bert-sentiment", "bert-names"}),
        ({"q": "movie"}, {"snippets"}),
        ({"q": "nothing like it"}, set()),
        ({"q": '"; DROP TABLE repos; --'}, set()),
        ({"q": 'a" OR "b*'}, set()),
        ({"type": "dataset"}, {"snippets"}),
        ({"type": ["dataset", "space"]}, {"snippets", "demo"}),
        ({"license": "mit"}, {"bert-sentiment", "bert-names", "snippets"}),
        ({"license": ["mit", "gpl"], "type": "model"}, {"bert-sentiment", "bert-names"}),
        ({"license": ["mit", "apache-2.0"], "q": "whal"}, {"bert-sentiment", "other"}),
        ({"license": "mit", "language": "de"}, {"bert-names"}),
        ({"task": "text-classification"}, {"bert-sentiment", "other", "snippets"}),
        ({"library": "sklearn"}, {"other"}),
        ({"tag": ["language:en", "license:mit"]}, {"bert-sentiment", "snippets"}),
        ({"author": "BOB"}, {"other"}),
        ({"q": "bert", "license": "apache-2.0"}, set()),
    ],
)  # fmt: skip
def test_words_and_filters(full_hub: Any, query: dict[str, Any], found: set[str]) -> None:
    assert names(full_hub, **query) == found


def test_a_private_repository_leaves_no_trace_for_others(full_hub: Any) -> None:
    for user in ("ada", None):
        answer = search(full_hub, user)
        assert "secret" not in str(answer)
        assert search(full_hub, user, q="secret")["total"] == 0
        assert counts(answer, "type")["model"] == 3
        assert "fr" not in counts(answer, "language")
    mine = search(full_hub, "bob", q="whales")
    assert {item["name"] for item in mine["items"]} == {"bert-sentiment", "secret"}
    assert counts(mine, "license") == {"mit": 1, "secret-license": 1}


def test_counts_say_what_each_choice_would_leave(full_hub: Any) -> None:
    answer = search(full_hub)
    assert counts(answer, "type") == {"model": 3, "dataset": 1, "space": 1}
    assert counts(answer, "task") == {"text-classification": 3, "token-classification": 1}
    assert counts(answer, "license") == {"mit": 3, "apache-2.0": 1}
    assert counts(answer, "language") == {"en": 3, "de": 1}
    assert counts(answer, "library") == {"transformers": 2, "sklearn": 1}


def test_a_facet_does_not_narrow_itself(full_hub: Any) -> None:
    answer = search(full_hub, license="apache-2.0")
    assert counts(answer, "license") == {"mit": 3, "apache-2.0": 1}
    assert counts(answer, "type") == {"model": 1}
    assert counts(answer, "language") == {"en": 1}


@pytest.mark.parametrize("facet", ["type", "task", "library", "license", "language"])
def test_the_counts_are_true(full_hub: Any, facet: str) -> None:
    for value, count in counts(search(full_hub), facet).items():
        assert search(full_hub, **{facet: value})["total"] == count, value


def test_an_item_says_what_a_list_shows(full_hub: Any) -> None:
    item = search(full_hub, q="snippets")["items"][0]
    assert item["updated"].endswith("Z")
    assert item["created"].endswith("Z")
    shown = {key: item[key] for key in ("id", "type", "author", "name", "title", "private")}
    assert shown == {
        "id": "ada/snippets",
        "type": "dataset",
        "author": "ada",
        "name": "snippets",
        "title": "Movie snippets",
        "private": False,
    }
    assert (item["task"], item["languages"]) == ("text-classification", ["en"])
    assert (item["likes"], item["liked"], item["downloads"]) == (0, False, 0)
    space = search(full_hub, type="space")["items"][0]
    assert (space["title"], space["sdk"]) == ("Try it", "voila")


def test_likes_are_ones_own(full_hub: Any) -> None:
    url = f"{full_hub.endpoint}/api/models/ada/bert-names/like"
    requests.post(url, headers=full_hub.headers("bob"), timeout=30)
    for user, liked in (("bob", True), ("ada", False), (None, False)):
        item = search(full_hub, user, q="bert-names")["items"][0]
        assert (item["likes"], item["liked"]) == (1, liked)


def test_tasks_have_names_for_people(full_hub: Any) -> None:
    labels = {entry["value"]: entry["label"] for entry in search(full_hub)["facets"]["task"]}
    assert labels["text-classification"] == "Text Classification"


def test_pages(full_hub: Any) -> None:
    pages = [
        search(full_hub, sort="created", limit=2, offset=offset)["items"] for offset in (0, 2, 4, 6)
    ]
    names = [item["name"] for page in pages for item in page]
    assert names == ["demo", "snippets", "other", "bert-names", "bert-sentiment"]
    assert search(full_hub, limit=2)["total"] == 5


@pytest.mark.parametrize("query", ["sort=color", "limit=0", "offset=-1"])
def test_a_query_that_means_nothing_names_the_field(full_hub: Any, query: str) -> None:
    answer = requests.get(f"{full_hub.endpoint}/api/phub/search?{query}", timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(query.partition("=")[0])


def test_what_is_deleted_or_turned_private_is_not_found(full_hub: Any) -> None:
    url = f"{full_hub.endpoint}/api/models/ada/bert-names/settings"
    body = {"visibility": "private"}
    requests.put(url, json=body, headers=full_hub.headers("ada"), timeout=30)
    assert names(full_hub, "bob", q="harbors") == set()
    assert names(full_hub, "ada", q="harbors") == {"bert-names"}
    url = f"{full_hub.endpoint}/api/repos/delete"
    requests.delete(url, json={"name": "bert-names"}, headers=full_hub.headers("ada"), timeout=30)
    assert names(full_hub, "ada", q="harbors") == set()


def test_a_new_card_replaces_the_old_words(full_hub: Any) -> None:
    hub = full_hub.hub
    ada = hub.accounts.actor_for_user("ada")
    repo = next(repo for repo in hub.repositories.all() if repo.name == "bert-names")
    file = AddFile("README.md", b"---\nlicense: gpl-3.0\n---\nlighthouse\n")
    hub.commits.commit(repo, "main", CommitHeader("change", "", None), [file], ada)
    assert names(full_hub, q="harbors") == set()
    assert names(full_hub, q="light") == {"bert-names"}
    assert names(full_hub, license="gpl-3.0") == {"bert-names"}
