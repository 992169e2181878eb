"""The public lists of models, datasets and Spaces, as the clients ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi
from sqlalchemy import event, insert

from phub_jupyter.hub.database.tables import Repo, RepoTag, utc_now
from phub_jupyter.hub.repos.operations import AddFile, CommitHeader
from phub_jupyter.identifiers import RepoId, RepoType

SENTIMENT = (
    "---\nlicense: mit\nlanguage: [en, de]\npipeline_tag: text-classification\n"
    "datasets: ada/snippets\ntags: [movies]\n---\n# Sentiment\n"
)


def put(
    server: Any, repo_id: str, card: str = "", repo_type: str = "model", private: bool = False
) -> None:
    """Add a repository with a card."""
    owner = server.hub.accounts.actor_for_user(repo_id.partition("/")[0])
    kind = RepoType(repo_type)
    repo = server.hub.repositories.create(owner, kind, RepoId.parse(repo_id), private=private)
    if card:
        header = CommitHeader("add", "", None)
        file = AddFile("README.md", card.encode())
        server.hub.commits.commit(repo, "main", header, [file], owner)


@pytest.fixture
def full_hub(hub_server: Any) -> Any:
    """A hub with models, datasets and Spaces of ada and bob, one of them private."""
    put(hub_server, "ada/sentiment-minilm", SENTIMENT)
    put(hub_server, "ada/plain")
    put(hub_server, "bob/Sentiment_large", "---\nlicense: apache-2.0\nlanguage: en\n---\n")
    put(hub_server, "bob/secret-sentiment", SENTIMENT, private=True)
    put(hub_server, "ada/snippets", "---\ntask_categories: [text-classification]\n---\n", "dataset")
    put(hub_server, "ada/demo", "---\nsdk: voila\nmodels: [ada/plain]\n---\n", "space")
    return hub_server


def ask(server: Any, path: str, user: str | None = None) -> requests.Response:
    """Ask for a list."""
    headers = {} if user is None else server.headers(user)
    return requests.get(f"{server.endpoint}{path}", headers=headers, timeout=30)


def ids(server: Any, path: str, user: str | None = None) -> list[str]:
    """The ids of a list, sorted."""
    answer = ask(server, path, user)
    assert answer.status_code == 200, answer.text
    return sorted(item["id"] for item in answer.json())


PUBLIC = ["ada/plain", "ada/sentiment-minilm", "bob/Sentiment_large"]


def test_everybody_sees_what_they_may_read(full_hub: Any) -> None:
    assert ids(full_hub, "/api/models") == PUBLIC
    assert ids(full_hub, "/api/models", "ada") == PUBLIC
    assert ids(full_hub, "/api/models", "bob") == sorted([*PUBLIC, "bob/secret-sentiment"])
    assert ids(full_hub, "/api/datasets") == ["ada/snippets"]
    assert ids(full_hub, "/api/spaces") == ["ada/demo"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=sentiment", PUBLIC[1:]),
        ("search=SENTIMENT", PUBLIC[1:]),
        ("search=ada%2Fsent", PUBLIC[1:2]),
        ("search=sentiment&search=mini", PUBLIC[1:2]),
        ("search=%25", []),
        ("search=t_l", PUBLIC[2:]),
        ("author=ADA", PUBLIC[:2]),
        ("author=nobody", []),
        ("filter=license:mit", PUBLIC[1:2]),
        ("filter=language:en", PUBLIC[1:]),
        ("filter=language:en&filter=language:de", PUBLIC[1:2]),
        ("filter=language:en,language:de", PUBLIC[1:2]),
        ("filter=text-classification", PUBLIC[1:2]),
        ("filter=dataset:ada/snippets", PUBLIC[1:2]),
        ("filter=movies&author=bob", []),
        ("pipeline_tag=text-classification", PUBLIC[1:2]),
        ("pipeline_tag=fill-mask", []),
        ("limit=1&sort=createdAt", PUBLIC[2:]),
        ("gated=true", []),
    ],
)
def test_filters(full_hub: Any, query: str, found: list[str]) -> None:
    assert ids(full_hub, f"/api/models?{query}") == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/api/datasets?filter=task_categories:text-classification", ["ada/snippets"]),
        ("/api/datasets?filter=task_categories:summarization", []),
        ("/api/spaces?models=ada/plain", ["ada/demo"]),
        ("/api/spaces?models=ada/sentiment-minilm", []),
        ("/api/spaces?linked=true", ["ada/demo"]),
        ("/api/spaces?filter=voila", ["ada/demo"]),
    ],
)
def test_filters_of_datasets_and_spaces(full_hub: Any, path: str, found: list[str]) -> None:
    assert ids(full_hub, path) == found


@pytest.mark.parametrize(
    ("query", "word"),
    [("sort=color", "sort"), ("limit=0", "limit"), ("limit=many", "limit"), ("limit=-1", "limit"),
     ("limit=٣", "limit"), ("skip=-1", "skip"), ("expand=color", "expand")],
)  # fmt: skip
def test_a_query_that_means_nothing_names_the_field(full_hub: Any, query: str, word: str) -> None:
    answer = ask(full_hub, f"/api/models?{query}")
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_the_client_reads_the_items(full_hub: Any) -> None:
    client = HfApi(endpoint=full_hub.endpoint, token=full_hub.token("ada"))
    models = {model.id: model for model in client.list_models(search="minilm")}
    model = models["ada/sentiment-minilm"]
    assert (model.author, model.private, model.likes) == ("ada", False, 0)
    assert model.pipeline_tag == "text-classification"
    assert {"license:mit", "language:en", "movies"} <= set(model.tags or [])
    assert model.created_at is not None
    assert model.siblings is None
    full = next(iter(client.list_models(search="minilm", full=True, cardData=True)))
    assert {item.rfilename for item in full.siblings or []} == {".gitattributes", "README.md"}
    assert full.card_data is not None
    assert full.card_data.license == "mit"
    expanded = next(iter(client.list_models(search="minilm", expand=["likes"])))
    assert (expanded.likes, expanded.tags) == (0, None)
    assert [item.id for item in client.list_datasets(author="ada")] == ["ada/snippets"]
    assert [item.id for item in client.list_spaces(models="ada/plain")] == ["ada/demo"]


def test_pages_are_linked_by_addresses_that_keep_the_query(full_hub: Any) -> None:
    for number in range(5):
        put(full_hub, f"ada/many-{number}")
    answer = ask(full_hub, "/api/models?search=many&limit=2&sort=createdAt")
    seen = []
    for _ in range(3):
        seen += [item["id"] for item in answer.json()]
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        if link is None:
            break
        assert link[1].startswith(f"{full_hub.endpoint}/api/models?")
        assert "search=many" in link[1]
        answer = requests.get(link[1], timeout=30)
    assert seen == [f"ada/many-{number}" for number in (4, 3, 2, 1, 0)]
    assert "Link" not in answer.headers


def test_the_client_follows_the_pages(prefixed_hub_server: Any) -> None:
    for number in range(3):
        put(prefixed_hub_server, f"ada/many-{number}")
    url = f"{prefixed_hub_server.endpoint}/api/models?limit=1"
    first = requests.get(url, timeout=30)
    assert f"<{prefixed_hub_server.endpoint}/api/models?" in first.headers["Link"]
    client = HfApi(endpoint=prefixed_hub_server.endpoint)
    assert len(list(client.list_models(limit=3))) == 3


def test_sorting(full_hub: Any) -> None:
    for user in ("ada", "bob"):
        url = f"{full_hub.endpoint}/api/models/ada/plain/like"
        assert requests.post(url, headers=full_hub.headers(user), timeout=30).ok
    client = HfApi(endpoint=full_hub.endpoint)
    for sort in ("likes", "trending_score"):
        assert next(iter(client.list_models(sort=sort))).id == "ada/plain"
    newest = [model.id for model in client.list_models(sort="created_at")]
    assert newest == ["bob/Sentiment_large", "ada/plain", "ada/sentiment-minilm"]
    repo = next(r for r in full_hub.hub.repositories.all() if r.name == "plain")
    with full_hub.hub.database.write() as session:
        session.merge(repo).updated_at = utc_now()
    assert next(iter(client.list_models(sort="last_modified"))).id == "ada/plain"


def test_tags_by_type_name_what_is_in_use_and_visible(full_hub: Any) -> None:
    answer = ask(full_hub, "/api/models-tags-by-type").json()
    assert {"id": "license:mit", "label": "mit", "type": "license"} in answer["license"]
    assert [tag["label"] for tag in answer["language"]] == ["de", "en"]
    datasets = ask(full_hub, "/api/datasets-tags-by-type").json()
    assert [tag["label"] for tag in datasets["task_categories"]] == ["Text Classification"]
    put(full_hub, "bob/hidden", "---\nlicense: my-own\n---\n", private=True)
    assert "my-own" not in ask(full_hub, "/api/models-tags-by-type", "ada").text
    assert "my-own" in ask(full_hub, "/api/models-tags-by-type", "bob").text


_QUEUES = ("evaluation_jobs", "webhook")  # looked at in the background


@contextmanager
def counted_statements(server: Any) -> Iterator[list[str]]:
    """Note every SQL query that the hub makes meanwhile, but those of its own queues."""
    engine = server.hub.database._engine
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asks = statement.lstrip().upper().startswith(("SELECT", "WITH"))
        if asks and not any(queue in statement for queue in _QUEUES):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["/api/models?full=true&cardData=true", "/api/phub/search?"])
def test_long_lists_cost_as_few_queries_as_short_ones(hub_server: Any, path: str) -> None:
    owner = hub_server.hub.accounts.actor_for_user("ada").pk
    columns = {"type": "model", "namespace_pk": owner, "namespace": "ada", "created_by": owner}
    with hub_server.hub.database.write() as session:
        rows = [
            {**columns, "uid": f"{n:024}", "key": f"model/ada/m{n}", "name": f"m{n}"}
            for n in range(200)
        ]
        pks = session.scalars(insert(Repo).returning(Repo.pk), rows).all()
        session.execute(insert(RepoTag), [{"repo_pk": pk, "tag": "language:en"} for pk in pks])
    used = []
    for limit in (1, 100):
        with counted_statements(hub_server) as statements:
            answer = ask(hub_server, f"{path}&limit={limit}")
        items = answer.json() if isinstance(answer.json(), list) else answer.json()["items"]
        assert len(items) == limit
        used.append(len(statements))
    assert used[0] == used[1]
    assert 0 < used[1] < 20
