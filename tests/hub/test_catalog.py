"""The index follows the branch; the public lists are filtered as clients ask."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.catalog.safetensors import count_parameters, weight_files
from phub_jupyter.hub.database.tables import utc_now
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.repos.operations import (
    AddLargeFile,
    Remove,
)
from phub_jupyter.identifiers import RepoType

from .shelf import CONFIG, Shelf, safetensors

pytestmark = pytest.mark.both_stores


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A hub without repositories."""
    shelf = Shelf(tmp_path / "hub")
    yield shelf
    shelf.hub.close()


@pytest.fixture(scope="module")
def models(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Three models, one of them private and liked, and a dataset; tests only read them."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    files = {
        "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors": safetensors(a=("F32", [3, 5])),
    }
    shelf.add(RepoType.MODEL, "clf", "license: mit\nlanguage: en", **files)
    bert = shelf.add(RepoType.MODEL, "bert", "license: mit", private=True)
    shelf.add(RepoType.MODEL, "mini", "license: apache-2.0")
    shelf.add(RepoType.DATASET, "other", "license: mit")
    shelf.change(bert, likes=3, updated_at=utc_now() - timedelta(days=365))
    yield shelf
    shelf.hub.close()


@pytest.fixture(scope="module")
def spaces(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
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
    weights = safetensors(a=("F32", [3, 5]), b=("F32", []), c=("I64", [2]))
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


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 3) + b"{}}",
        struct.pack("<Q", 2) + b"[]",
        safetensors(a=("F32", [-1])),
        safetensors(a=("F32", [2**60])),
        safetensors(a=("'; DROP", [1])),
        safetensors(a=("F32", [True])),
    ],
)
def test_headers_that_are_none_count_nothing(content: bytes) -> None:
    assert count_parameters(lambda start, stop: content[start:stop]) == {}


def test_weights_are_counted_once() -> None:
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    assert weight_files([*shards, "onnx/model.safetensors", "other.safetensors"]) == shards
    assert weight_files(["adapter_model.safetensors"]) == ["adapter_model.safetensors"]
    assert weight_files(["model.safetensors", "adapter_model.safetensors"]) == ["model.safetensors"]
