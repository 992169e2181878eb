"""Finding things in a hub the way people type: with mistakes, by parts, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from huggingface_hub import HfApi

from phub_jupyter.hub.repos.operations import AddFile, CommitHeader
from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer

pytestmark = pytest.mark.both_stores

CARDS = {
    "ada/sentiment-minilm": (
        "model",
        "license: mit\nlanguage: en\nlibrary_name: transformers\n"
        "pipeline_tag: text-classification\ntags: [movies]",
    ),
    "ada/whale-songs": ("dataset", "task_categories: [audio-classification]\nlicense: cc0-1.0"),
    "bob/weather-app": ("space", "title: Weather\nsdk: voila\nmodels: [ada/sentiment-minilm]"),
    "bob/hidden-treasure": ("model", "tags: [doubloons]\nlicense: pirate"),
}
PRIVATE = "bob/hidden-treasure"


@pytest.fixture(scope="module")
def served(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A hub with four repositories, one of them private."""
    server = HubServer(tmp_path_factory.mktemp("discovery") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    for repo_id, (kind, card) in CARDS.items():
        owner = server.hub.accounts.actor_for_user(repo_id.partition("/")[0])
        repo = server.hub.repositories.create(
            owner, RepoType(kind), RepoId.parse(repo_id), private=repo_id == PRIVATE
        )
        file = AddFile("README.md", f"---\n{card}\n---\nSome words.\n".encode())
        server.hub.commits.commit(repo, "main", CommitHeader("add"), [file], owner)
    yield server
    server.close()


def ask(served: HubServer, path: str, user: str | None = None, **query: Any) -> Any:
    """The JSON of an answer."""
    headers = {} if user is None else served.headers(user)
    url = f"{served.endpoint}{path}?{urlencode(query, doseq=True)}"
    answer = requests.get(url, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def suggested(served: HubServer, typed: str, user: str | None = None) -> list[tuple[str, str]]:
    found = ask(served, "/api/phub/suggest", user, q=typed)
    return [(one["kind"], one["value"]) for one in found]


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("sentimnt", ("model", "ada/sentiment-minilm")),
        ("minilm", ("model", "ada/sentiment-minilm")),
        ("SENTIMENT-MINLIM", ("model", "ada/sentiment-minilm")),
        ("wale songs", ("dataset", "ada/whale-songs")),
        ("wether", ("space", "bob/weather-app")),
        ("text-clasification", ("task", "text-classification")),
        ("Speech Recogniton", ("task", "automatic-speech-recognition")),
        ("moveis", ("tag", "movies")),
        ("transfomers", ("tag", "transformers")),
    ],
)
def test_suggestions_forgive_typing_errors(
    served: HubServer, typed: str, best: tuple[str, str]
) -> None:
    assert suggested(served, typed)[0] == best


@pytest.mark.parametrize("typed", ["hiden-treasure", "doublons", "pirat", "license:pirate"])
def test_suggestions_tell_nothing_of_what_is_hidden(served: HubServer, typed: str) -> None:
    for user in (None, "ada"):
        assert not re.search("treasure|doubloon|pirate", str(suggested(served, typed, user)))
    assert re.search("treasure|doubloon|pirate", str(suggested(served, typed, "bob")))


def test_accounts_are_suggested_when_something_of_theirs_can_be_seen(served: HubServer) -> None:
    assert ("author", "bob") in suggested(served, "bobb")
    served.add_user("nothing-to-show")
    assert not suggested(served, "nothing-to-shwo")


def test_a_search_without_results_says_what_was_meant(served: HubServer) -> None:
    answer = ask(served, "/api/phub/search", q="sentimant-minilm")
    assert (answer["items"], answer["didYouMean"]) == ([], "ada/sentiment-minilm")
    assert ask(served, "/api/phub/search", q="minilm")["didYouMean"] is None
    assert ask(served, "/api/phub/search", q="hidden-tresure")["didYouMean"] is None


HOSTILE = [
    '"', "'", "*", "a*", "(", ")", "NEAR(a b)", "a AND", "OR", "NOT x", "repo_id:a", "{a}", "^a",
    "-", "--", ";", "a\0b", "\0", "%", "_", "\\", "../..", "ﾞ", "İ", "ß", "🐋", "́",
    "a " * 5000, "x" * 10_000, '"' * 10_000, "é" * 3000, "٣", "\ufffe", "a'; DROP TABLE repos; --",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_do_no_harm(served: HubServer, text: str) -> None:
    typed = quote(text)
    for path in (
        f"/api/phub/search?q={typed}",
        f"/api/phub/suggest?q={typed}",
        f"/api/spaces/semantic-search?q={typed}",
        f"/api/models?search={typed}",
        f"/api/models?filter={typed}&author={typed}&pipeline_tag={typed}",
        f"/api/spaces?models={typed}&datasets={typed}",
        f"/api/phub/search?task={typed}&tag={typed}&author={typed}",
        f"/api/models?cursor={typed}",
        f"/api/models?num_parameters={typed}",
        f"/api/collections?item={typed}&owner={typed}",
        f"/api/users/{quote(text, safe='')}/likes",
    ):
        if len(path) < 60_000:
            answer = requests.get(f"{served.endpoint}{path}", timeout=60)
            assert answer.status_code in (200, 400, 404), (path[:80], answer.text)


def test_the_client_searches_spaces_by_words(served: HubServer) -> None:
    client = HfApi(endpoint=served.endpoint)
    assert list(client.search_spaces("weather")) == []  # it does not run
    found = list(client.search_spaces("wea", include_non_running=True))
    assert [(one.id, one.title, one.sdk) for one in found] == [
        ("bob/weather-app", "Weather", "voila")
    ]
    assert list(client.search_spaces("wea", sdk="gradio", include_non_running=True)) == []
    assert list(client.search_spaces("wea", filter=["no"], include_non_running=True)) == []


def test_tasks_name_models_that_the_hub_can_run(served: HubServer) -> None:
    tasks = ask(served, "/api/tasks")
    assert tasks["text-classification"]["widgetModels"] == ["ada/sentiment-minilm"]
    assert all("widgetModels" in task for task in tasks.values())


def test_tags_come_by_kind(served: HubServer) -> None:
    client = HfApi(endpoint=served.endpoint)
    models = client.get_model_tags()
    ids = {kind: [tag["id"] for tag in tags] for kind, tags in models.items()}
    assert ids["pipeline_tag"] == ["text-classification"]
    assert ids["library"] == ["transformers"]
    assert ids["license"] == ["license:mit"]
    assert "movies" in ids["other"]
    datasets = client.get_dataset_tags()
    assert datasets["task_categories"][0]["label"] == "Audio Classification"


def test_pages_stay_right_while_things_are_added(served: HubServer) -> None:
    ada = served.hub.accounts.actor_for_user("ada")

    def add(name: str) -> None:
        repo_id = RepoId("ada", name)
        served.hub.repositories.create(ada, RepoType.MODEL, repo_id, private=False)

    for number in range(5):
        add(f"page-{number}")
    for sort in ("createdAt", "lastModified", "likes", "downloads", "trendingScore"):
        url = f"{served.endpoint}/api/models?search=page-&sort={sort}&limit=2"
        seen: list[str] = []
        while url:
            answer = requests.get(url, timeout=60)
            seen += [item["id"] for item in answer.json()]
            url = answer.links.get("next", {}).get("url", "")
            if sort == "createdAt" and len(seen) == 2:
                add("page-new")  # is newer than what was shown, and belongs to no later page
        assert sorted(seen)[:5] == [f"ada/page-{number}" for number in range(5)], sort
        assert len(seen) == len(set(seen)) == (5 if sort == "createdAt" else 6)


def test_gated_ones_are_listed_by_their_gate(served: HubServer) -> None:
    client = HfApi(endpoint=served.endpoint, token=served.token("ada"))
    client.create_repo("ada/gate")
    client.update_repo_settings("ada/gate", gated="auto")
    assert [model.id for model in client.list_models(gated=True)] == ["ada/gate"]
    assert "ada/gate" not in [model.id for model in client.list_models(gated=False)]
    assert "ada/gate" in [model.id for model in client.list_models()]


def test_facets_can_be_left_out(served: HubServer) -> None:
    answer = ask(served, "/api/phub/search", q="minilm", counts="false")
    assert (answer["total"], answer["facets"]) == (None, {})
    assert [item["id"] for item in answer["items"]] == ["ada/sentiment-minilm"]
    facets = ask(served, "/api/phub/search", q="minilm")["facets"]
    assert "movies" in [entry["value"] for entry in facets["tag"]]


def test_likes_are_listed_for_those_who_may_see_them(served: HubServer) -> None:
    ada, bob = (HfApi(endpoint=served.endpoint, token=served.token(u)) for u in ("ada", "bob"))
    for path in ("models/ada/sentiment-minilm", "datasets/ada/whale-songs", f"models/{PRIVATE}"):
        url = f"{served.endpoint}/api/{path}/like"
        assert requests.post(url, headers=served.headers("bob"), timeout=30).ok
    assert [one.username for one in ada.list_repo_likers("ada/sentiment-minilm")] == ["bob"]
    assert set(bob.list_liked_repos().models) == {PRIVATE, "ada/sentiment-minilm"}
    seen = ada.list_liked_repos("bob")
    assert (seen.models, seen.datasets) == (["ada/sentiment-minilm"], ["ada/whale-songs"])
    url = f"{served.endpoint}/api/users/bob/likes?limit=1"
    first = requests.get(url, timeout=30)
    second = requests.get(first.links["next"]["url"], timeout=30)
    names = [one["repo"]["name"] for one in first.json() + second.json()]
    assert names == ["ada/whale-songs", "ada/sentiment-minilm"]
    assert "next" not in second.links
    missing = requests.get(f"{served.endpoint}/api/users/nobody/likes", timeout=30)
    assert missing.status_code == 404
