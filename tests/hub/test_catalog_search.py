"""Searches find what was typed, count choices, and show nothing that is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import ANONYMOUS
from phub_jupyter.hub.catalog.listing import Listing
from phub_jupyter.hub.catalog.search import Query
from phub_jupyter.hub.catalog.trending import trending_score
from phub_jupyter.hub.database.tables import utc_now
from phub_jupyter.identifiers import RepoType

from .repo_fixtures import Workshop
from .shelf import Shelf

pytestmark = pytest.mark.both_stores


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A hub without repositories."""
    shelf = Shelf(tmp_path / "hub")
    yield shelf
    shelf.hub.close()


@pytest.fixture(scope="module")
def texts(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A model and a dataset with words; tests only read them."""
    shelf = Shelf(tmp_path_factory.mktemp("texts"))
    shelf.add(RepoType.MODEL, "snippet-sentiment-minilm", "pipeline_tag: text-classification")
    shelf.add(RepoType.DATASET, "other", "pretty_name: Title of Stripes", "A Zebra and fünf more")
    yield shelf
    shelf.hub.close()


def test_what_is_private_is_found_by_nobody_else(shelf: Shelf) -> None:
    model = shelf.add(RepoType.MODEL, "m", "tags: [hidden-tag]", "zebra", private=True)
    shelf.add(RepoType.SPACE, "s", "models: ada/m", private=True)
    for actor in (shelf.bob, ANONYMOUS):
        page = shelf.find("zebra", actor)
        assert (page.repos, page.total, page.facets["type"]) == ([], 0, [])
        assert shelf.hub.search.listing(actor, RepoType.MODEL, Listing()) == []
        assert shelf.hub.search.all_tags(actor, RepoType.MODEL) == ([], set())
        assert shelf.hub.search.spaces_of(actor, model) == []
    assert shelf.hub.search.all_tags(shelf.ada, RepoType.MODEL) == (["hidden-tag"], set())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("minilm", ["snippet-sentiment-minilm"]),
        ("mini", ["snippet-sentiment-minilm"]),
        ("nilm", ["snippet-sentiment-minilm"]),
        ("sentiment snip", ["snippet-sentiment-minilm"]),
        ("snippet-sent", ["snippet-sentiment-minilm"]),
        ("ada/snippet-sentiment-minilm", ["snippet-sentiment-minilm"]),
        ("ZEBRA", ["other"]),
        ("zeb", ["other"]),
        ("fünf", ["other"]),
        ("Stripes title", ["other"]),
        ("text-classification", ["snippet-sentiment-minilm"]),
        ("zebra minilm", []),
        ("nothing", []),
        ('"', []),
        ("*", []),
        ("a OR zebra NOT (", []),
        ("NEAR(", []),
        ("", ["other", "snippet-sentiment-minilm"]),
        ("   ", ["other", "snippet-sentiment-minilm"]),
    ],
)
def test_typing_finds(texts: Shelf, text: str, names: list[str]) -> None:
    assert texts.found(text, sort="created") == names


def test_a_name_comes_before_a_mention(shelf: Shelf) -> None:
    shelf.add(RepoType.MODEL, "minilm")
    liked = shelf.add(RepoType.MODEL, "other", text="made from minilm")
    shelf.change(liked, likes=50)
    assert shelf.found("minilm") == ["minilm", "other"]
    assert shelf.found("minilm", sort="likes") == ["other", "minilm"]


def test_facets_count_what_a_choice_would_leave(shelf: Shelf) -> None:
    task = "pipeline_tag: text-classification"
    shelf.add(RepoType.MODEL, "a", f"{task}\nlicense: mit\nlanguage: [en, de]")
    shelf.add(RepoType.MODEL, "b", f"{task}\nlicense: apache-2.0\nlanguage: en")
    shelf.add(RepoType.MODEL, "c", "pipeline_tag: fill-mask\nlicense: mit")
    shelf.add(RepoType.DATASET, "d", "task_categories: text-classification\nlicense: mit")
    facets = shelf.find().facets
    assert facets["type"] == [("model", 3), ("dataset", 1)]
    assert facets["task"] == [("text-classification", 3), ("fill-mask", 1)]
    assert facets["license"] == [("mit", 3), ("apache-2.0", 1)]
    assert facets["language"] == [("en", 2), ("de", 1)]
    page = shelf.find(facets={"license": ["mit"], "task": ["text-classification"]}, sort="created")
    assert [repo.name for repo in page.repos] == ["d", "a"]
    assert page.total == 2
    # A facet counts the other facets' choices but not its own: it offers what else is there.
    assert page.facets["license"] == [("mit", 2), ("apache-2.0", 1)]
    assert page.facets["task"] == [("text-classification", 2), ("fill-mask", 1)]
    assert page.facets["type"] == [("dataset", 1), ("model", 1)]
    either = shelf.find(facets={"task": ["fill-mask", "text-classification"]})
    assert either.total == 4
    assert shelf.found(facets={"language": ["de"], "type": ["model"]}) == ["a"]
    with pytest.raises(InvalidRequestError, match="color"):
        shelf.find(facets={"color": ["red"]})


def test_tags_must_all_match_and_pages_follow_each_other(shelf: Shelf) -> None:
    for number in range(5):
        shelf.add(
            RepoType.MODEL, f"m{number}", f"tags: [all, {'even' if number % 2 == 0 else 'odd'}]"
        )
    assert shelf.found(facets={"tag": ["all", "odd"]}, sort="created") == ["m3", "m1"]
    pages = [shelf.found(sort="created", limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert pages == [["m4", "m3"], ["m2", "m1"], ["m0"], []]


def test_liked_is_about_who_asks(shelf: Shelf) -> None:
    repo = shelf.add(RepoType.MODEL, "m")
    assert shelf.bob.pk is not None
    likes = shelf.hub.likes
    assert likes.set(repo.pk, shelf.bob.pk, True) == 1
    assert likes.set(repo.pk, shelf.bob.pk, True) == 1
    assert shelf.find("", shelf.bob).liked == {repo.pk}
    assert shelf.find("").liked == set()
    assert shelf.find("", ANONYMOUS).liked == set()
    assert shelf.row(repo).likes == 1
    assert likes.set(repo.pk, shelf.bob.pk, False) == 0
    assert shelf.row(repo).likes == 0


def test_a_list_takes_the_same_number_of_queries_however_long_it_is(shelf: Shelf) -> None:
    counts = []
    statements: list[str] = []
    event.listen(
        shelf.hub.database._engine,
        "before_cursor_execute",
        lambda conn, cursor, statement, *rest: statements.append(statement),
    )
    for number in range(6):
        shelf.add(RepoType.MODEL, f"m{number}", "tags: [x]")
        statements.clear()
        found = shelf.hub.search.listing(shelf.ada, RepoType.MODEL, Listing(with_files=True))
        shelf.hub.search.tags(repo.pk for repo in found)
        assert all(repo.files == [".gitattributes", "README.md"] for repo in found)
        shelf.find("m")
        counts.append(len(statements))
    assert len(set(counts)) == 1


def test_trending_is_worth_less_with_time_and_says_so(shelf: Shelf) -> None:
    names = {"new": (0, 1), "liked": (3, 1), "old": (3, 300)}
    for name, (likes, days) in names.items():
        repo = shelf.add(RepoType.MODEL, name)
        shelf.change(repo, likes=likes, updated_at=utc_now() - timedelta(days=days))
    found = shelf.hub.search.listing(shelf.ada, RepoType.MODEL, Listing())
    assert [repo.name for repo in found] == ["liked", "new", "old"]
    scores = [trending_score(repo) for repo in found]
    assert scores == sorted(scores, reverse=True)


def test_a_new_hub_is_searched_without_fault(tmp_path: Path) -> None:
    shop = Workshop.open(tmp_path)
    shop.hub.repositories.delete(shop.ada, shop.repo)
    page = shop.hub.search.find(ANONYMOUS, Query(text="x"))
    assert (page.repos, page.total) == ([], 0)
    shop.hub.close()
