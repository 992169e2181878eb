"""The catalog: the index follows the branch, lists and searches find what they should."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import ANONYMOUS, Action, Actor
from phub_jupyter.hub.catalog.listing import Listing
from phub_jupyter.hub.catalog.safetensors import count_parameters, weight_files
from phub_jupyter.hub.catalog.search import Query, SearchPage
from phub_jupyter.hub.catalog.trending import trending_score
from phub_jupyter.hub.database.tables import Repo, utc_now
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.repos.operations import (
    AddFile,
    AddLargeFile,
    CommitHeader,
    Operation,
    Remove,
)
from phub_jupyter.identifiers import RepoId, RepoType

from .repo_fixtures import Workshop

CONFIG = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "id2label": {"0": "bad", "1": "good"},
    "secret": "not for lists",
}


def _safetensors(**shapes: tuple[str, list[int]]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    for name, (dtype, shape) in shapes.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text


class Shelf:
    """A hub with repositories of ada, made by one line each."""

    def __init__(self, root: Path) -> None:
        self.hub = Hub.open(root)
        self.hub.accounts.add_user("ada")
        self.hub.accounts.add_user("bob")
        self.ada = self.hub.accounts.actor_for_user("ada")
        self.bob = self.hub.accounts.actor_for_user("bob")

    def add(
        self,
        repo_type: RepoType,
        name: str,
        front: str = "",
        text: str = "",
        private: bool = False,
        **files: bytes,
    ) -> Repo:
        """Create a repository with a card and some more files."""
        repo_id = RepoId("ada", name)
        repo = self.hub.repositories.create(self.ada, repo_type, repo_id, private=private)
        card = f"---\n{front}\n---\n{text}".encode()
        operations: list[Operation] = [AddFile("README.md", card)]
        operations += [AddFile(path, content) for path, content in files.items()]
        return self.commit(repo, *operations)

    def commit(self, repo: Repo, *operations: Operation) -> Repo:
        """Commit as ada and read the row again."""
        self.hub.commits.commit(repo, "main", CommitHeader("x"), operations, self.ada)
        return self.row(repo)

    def row(self, repo: Repo) -> Repo:
        """The row as it is now."""
        return self.hub.repositories.by_uid(repo.uid)

    def change(self, repo: Repo, **columns: Any) -> None:
        """Set columns that no call sets directly."""
        with self.hub.database.write() as session:
            row = session.merge(repo)
            for name, value in columns.items():
                setattr(row, name, value)

    def listed(self, repo_type: RepoType = RepoType.MODEL, **query: Any) -> list[str]:
        """The names of a list, as ada sees it."""
        found = self.hub.search.listing(self.ada, repo_type, Listing(**query))
        return [repo.name for repo in found]

    def find(self, text: str = "", actor: Actor | None = None, **query: Any) -> SearchPage:
        """A search, as ada unless somebody else is named."""
        return self.hub.search.find(actor or self.ada, Query(text=text, **query))

    def found(self, text: str = "", **query: Any) -> list[str]:
        """The names that a search finds."""
        return [repo.name for repo in self.find(text, **query).repos]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A hub without repositories."""
    shelf = Shelf(tmp_path / "hub")
    yield shelf
    shelf.hub.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Three models, one of them private and liked, and a dataset; tests only read them."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    files = {
        "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors": _safetensors(a=("F32", [3, 5])),
    }
    shelf.add(RepoType.MODEL, "clf", "license: mit\nlanguage: en", **files)
    bert = shelf.add(RepoType.MODEL, "bert", "license: mit", private=True)
    shelf.add(RepoType.MODEL, "mini", "license: apache-2.0")
    shelf.add(RepoType.DATASET, "other", "license: mit")
    shelf.change(bert, likes=3, updated_at=utc_now() - timedelta(days=365))
    yield shelf
    shelf.hub.close()


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A model and a dataset with words; tests only read them."""
    shelf = Shelf(tmp_path_factory.mktemp("texts"))
    shelf.add(RepoType.MODEL, "snippet-sentiment-minilm", "pipeline_tag: text-classification")
    shelf.add(RepoType.DATASET, "other", "pretty_name: Title of Stripes", "A Zebra and fünf more")
    yield shelf
    shelf.hub.close()


@pytest.fixture(scope="module")
def spaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Three Spaces and a model; tests only read them."""
    shelf = Shelf(tmp_path_factory.mktemp("spaces"))
    shelf.add(RepoType.MODEL, "m")
    shelf.add(RepoType.SPACE, "model", "models: ada/m")
    shelf.add(RepoType.SPACE, "both", "models: [ada/m]\ndatasets: [ada/d]")
    shelf.add(RepoType.SPACE, "none", "sdk: voila")
    yield shelf
    shelf.hub.close()


def test_a_commit_updates_the_row(shelf: Shelf) -> None:
    config = json.dumps(CONFIG).encode()
    weights = _safetensors(a=("F32", [3, 5]), b=("F32", []), c=("I64", [2]))
    repo = shelf.add(
        RepoType.MODEL,
        "clf",
        "license: mit\nlanguage: en\nbase_model: ada/mini",
        **{"config.json": config, "sub/x.txt": b"12345"},
    )
    upload = shelf.hub.large_files.new_upload()
    upload.write(weights)
    sha256 = upload.sha256
    shelf.hub.large_files.finish(upload, repo.pk, sha256, len(weights))
    repo = shelf.commit(repo, AddLargeFile("model.safetensors", sha256))
    git = shelf.hub.repositories.open(repo)
    assert repo.head == git.resolve("main")
    assert (repo.pipeline_tag, repo.library_name) == ("text-classification", "transformers")
    assert (repo.license, repo.card_data["base_model"]) == ("mit", "ada/mini")
    assert repo.config == {key: CONFIG[key] for key in CONFIG if key != "secret"}
    assert (repo.parameters, repo.parameter_count) == ({"F32": 16, "I64": 2}, 18)
    small = sum(entry.size for entry in git.tree(repo.head) if entry.lfs is None)
    assert repo.used_storage == small + 5 + len(weights)
    tags = shelf.hub.search.tags([repo.pk])[repo.pk]
    assert {"license:mit", "language:en", "base_model:ada/mini", "safetensors"} <= set(tags)


def test_what_is_removed_is_forgotten(shelf: Shelf) -> None:
    repo = shelf.add(RepoType.MODEL, "m", "license: mit\ntags: [blue]", "zebra")
    assert shelf.found("zebra") == ["m"]
    repo = shelf.commit(repo, Remove("README.md"))
    assert (repo.license, repo.card_data) == (None, {})
    assert shelf.hub.search.tags([repo.pk])[repo.pk] == []
    assert shelf.found("zebra") == []


def test_a_card_that_cannot_be_read_counts_as_empty(shelf: Shelf) -> None:
    repo = shelf.add(RepoType.MODEL, "m", "license: mit")
    git = shelf.hub.repositories.open(repo)
    parent = git.resolve("main")
    blob = git.raw.create_blob(b"---\nlicense: [\n---\n")
    builder = git.raw.TreeBuilder(git.root(parent))
    builder.insert("README.md", blob, 0o100644)
    person = git.raw[parent].author
    git.raw.create_commit("refs/heads/main", person, person, "by git", builder.write(), [parent])
    shelf.hub.index.refresh(repo.pk)
    assert shelf.row(repo).card_data == {}
    assert shelf.row(repo).head == git.resolve("main")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b'{"architectures": 5}'])
def test_a_config_that_is_none_counts_as_none(shelf: Shelf, content: bytes) -> None:
    repo = shelf.add(RepoType.MODEL, "m", **{"config.json": content})
    assert (repo.pipeline_tag, repo.library_name) == (None, None)


def test_opening_catches_up_with_pushes_that_the_index_missed(shelf: Shelf) -> None:
    repo = shelf.add(RepoType.MODEL, "m", "license: mit")
    shelf.change(repo, head=None, license=None)
    shelf.hub.close()
    hub = Hub.open(shelf.hub.root)
    assert hub.repositories.by_uid(repo.uid).license == "mit"
    hub.close()


def test_a_damaged_repository_does_not_keep_the_hub_closed(shelf: Shelf) -> None:
    bad = shelf.add(RepoType.MODEL, "bad")
    good = shelf.add(RepoType.MODEL, "good", "license: mit")
    (shelf.hub.repositories.path(bad) / "HEAD").unlink()
    shelf.change(good, head=None, license=None)
    shelf.hub.close()
    hub = Hub.open(shelf.hub.root)
    assert hub.repositories.by_uid(good.uid).license == "mit"
    hub.close()


def test_refreshing_a_deleted_repository_does_nothing(shelf: Shelf) -> None:
    repo = shelf.add(RepoType.MODEL, "m", text="zebra")
    shelf.hub.repositories.delete(shelf.ada, repo)
    shelf.hub.index.refresh(repo.pk)
    assert shelf.found("zebra") == []


def test_reading_again_changes_no_date(shelf: Shelf) -> None:
    repo = shelf.add(RepoType.MODEL, "m")
    shelf.change(repo, head=None)
    shelf.hub.index.refresh(repo.pk)
    assert shelf.row(repo).updated_at == repo.updated_at


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["mini", "bert", "clf"]),
        ({"search": ["ER"]}, ["bert"]),
        ({"search": ["ada/"]}, ["mini", "bert", "clf"]),
        ({"search": ["%"]}, []),
        ({"search": ["m", "i"]}, ["mini"]),
        ({"author": "ADA"}, ["mini", "bert", "clf"]),
        ({"author": "bob"}, []),
        ({"filters": ["license:mit"]}, ["bert", "clf"]),
        ({"filters": ["license:mit", "language:en"]}, ["clf"]),
        ({"filters": ["transformers"]}, ["clf"]),
        ({"pipeline_tag": "text-classification"}, ["clf"]),
        ({"gated": True}, []),
        ({"num_parameters": "min:10"}, ["clf"]),
        ({"num_parameters": "min:0.01K,max:0.1M"}, ["clf"]),
        ({"num_parameters": "max:14"}, []),
        ({"warm": True}, ["clf"]),
        ({"providers": ["hf-inference"]}, ["clf"]),
        ({"providers": ["somebody-else"]}, []),
        ({"sort": "createdAt"}, ["mini", "bert", "clf"]),
        ({"sort": "likes"}, ["bert", "mini", "clf"]),
        ({"limit": 1, "offset": 1}, ["bert", "clf"]),  # one more than asked: there is a next page
        ({"limit": 2, "offset": 1}, ["bert", "clf"]),
    ],
)
def test_lists_of_models(models: Shelf, query: dict[str, Any], names: list[str]) -> None:
    assert models.listed(**{"sort": "createdAt", **query}) == names


@pytest.mark.parametrize(
    "query", [{"sort": "size"}, {"num_parameters": "6B"}, {"num_parameters": "min:x"}]
)
def test_a_list_that_cannot_be_made_says_why(models: Shelf, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=next(iter(query))):
        models.listed(**query)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"models": ["ADA/m"]}, ["both", "model"]),
        ({"models": ["ada/x", "ada/m"]}, ["both", "model"]),
        ({"datasets": ["ada/d"]}, ["both"]),
        ({"linked": True}, ["both", "model"]),
        ({}, ["none", "both", "model"]),
    ],
)
def test_spaces_by_what_they_use(spaces: Shelf, query: dict[str, Any], names: list[str]) -> None:
    assert spaces.listed(RepoType.SPACE, sort="createdAt", **query) == names


def test_a_model_knows_its_spaces(spaces: Shelf) -> None:
    model = spaces.hub.repositories.find(spaces.ada, Action.READ, RepoType.MODEL, "ada/m")
    assert spaces.hub.search.spaces_of(spaces.ada, model) == ["ada/both", "ada/model"]


def test_what_is_private_is_found_by_nobody_else(shelf: Shelf) -> None:
    model = shelf.add(RepoType.MODEL, "m", "tags: [hidden-tag]", "zebra", private=True)
    shelf.add(RepoType.SPACE, "s", "models: ada/m", private=True)
    for actor in (shelf.bob, ANONYMOUS):
        page = shelf.find("zebra", actor)
        assert (page.repos, page.total, page.facets["type"]) == ([], 0, [])
        assert shelf.hub.search.listing(actor, RepoType.MODEL, Listing()) == []
        assert shelf.hub.search.all_tags(actor, RepoType.MODEL) == []
        assert shelf.hub.search.spaces_of(actor, model) == []
    assert shelf.hub.search.all_tags(shelf.ada, RepoType.MODEL) == ["hidden-tag"]


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
    assert shelf.found(tags=["all", "odd"], sort="created") == ["m3", "m1"]
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


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 3) + b"{}}",
        struct.pack("<Q", 2) + b"[]",
        _safetensors(a=("F32", [-1])),
        _safetensors(a=("F32", [2**60])),
        _safetensors(a=("'; DROP", [1])),
        _safetensors(a=("F32", [True])),
    ],
)
def test_headers_that_are_none_count_nothing(content: bytes) -> None:
    assert count_parameters(lambda start, stop: content[start:stop]) == {}


def test_weights_are_counted_once() -> None:
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    assert weight_files([*shards, "onnx/model.safetensors", "other.safetensors"]) == shards
    assert weight_files(["adapter_model.safetensors"]) == ["adapter_model.safetensors"]
    assert weight_files(["model.safetensors", "adapter_model.safetensors"]) == ["model.safetensors"]
