"""Collections, driven by the public client: what is in them, in which order, and for whom."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from huggingface_hub import Collection, HfApi
from huggingface_hub.errors import HfHubHTTPError

from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer

pytestmark = pytest.mark.both_stores

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def served(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A hub with ada, bob, and two models and a dataset of ada, one of them private."""
    server = HubServer(tmp_path_factory.mktemp("collections") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    ada = server.hub.accounts.actor_for_user("ada")
    for repo_type, name, private in (
        (RepoType.MODEL, "bert", False),
        (RepoType.MODEL, "secret", True),
        (RepoType.DATASET, "snippets", False),
    ):
        server.hub.repositories.create(ada, repo_type, RepoId("ada", name), private=private)
    yield server
    server.close()


@pytest.fixture(scope="module")
def ada(served: HubServer) -> HfApi:
    return HfApi(endpoint=served.endpoint, token=served.token("ada"))


@pytest.fixture(scope="module")
def bob(served: HubServer) -> HfApi:
    return HfApi(endpoint=served.endpoint, token=served.token("bob"))


@pytest.fixture
def collection(ada: HfApi) -> Collection:
    """A new empty collection of ada."""
    return ada.create_collection(f"My Models, no. {next(_NUMBERS)}")


def status(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return error.value.response.status_code


def test_a_new_collection_is_empty_and_has_a_readable_address(ada: HfApi) -> None:
    made = ada.create_collection("Größe & Stärke!", description="About sizes.", private=True)
    assert made.slug.startswith("ada/große-starke-".replace("ß", ""))
    assert (made.title, made.description, made.private) == ("Größe & Stärke!", "About sizes.", True)
    assert (made.items, made.upvotes, made.theme) == ([], 0, "orange")
    assert ada.get_collection(made.slug) == made


def test_one_owner_has_one_collection_of_a_title(ada: HfApi, collection: Collection) -> None:
    with pytest.raises(HfHubHTTPError) as error:
        ada.create_collection(collection.title)
    assert status(error) == 409
    assert ada.create_collection(collection.title, exists_ok=True).slug == collection.slug


def test_a_new_title_changes_the_address_and_the_old_one_still_works(
    ada: HfApi, collection: Collection
) -> None:
    title = f"Renamed {collection.slug[-4:]}"
    changed = ada.update_collection_metadata(collection.slug, title=title, theme="pink")
    assert changed.slug != collection.slug
    assert ada.get_collection(collection.slug).slug == changed.slug
    assert ada.get_collection(collection.slug).theme == "pink"
    with pytest.raises(HfHubHTTPError, match="theme"):
        ada.update_collection_metadata(collection.slug, theme="beige")


def test_items_have_notes_and_an_order(ada: HfApi, collection: Collection) -> None:
    slug = collection.slug
    ada.add_collection_item(slug, "ada/BERT", "model", note="small")
    full = ada.add_collection_item(slug, "ada/snippets", "dataset")
    assert [(i.item_id, i.item_type, i.note) for i in full.items] == [
        ("ada/bert", "model", "small"),
        ("ada/snippets", "dataset", None),
    ]
    assert full.last_updated > collection.last_updated
    bert, snippets = full.items
    ada.update_collection_item(slug, snippets.item_object_id, position=0, note="first")
    ada.update_collection_item(slug, bert.item_object_id, note="")
    items = ada.get_collection(slug).items
    assert [(i.item_id, i.position, i.note) for i in items] == [
        ("ada/snippets", 0, "first"),
        ("ada/bert", 1, None),
    ]
    ada.delete_collection_item(slug, snippets.item_object_id)
    ada.delete_collection_item(slug, snippets.item_object_id, missing_ok=True)
    assert [item.item_id for item in ada.get_collection(slug).items] == ["ada/bert"]


def test_nothing_is_in_a_collection_twice_or_from_nowhere(
    ada: HfApi, collection: Collection
) -> None:
    ada.add_collection_item(collection.slug, "ada/bert", "model")
    with pytest.raises(HfHubHTTPError) as error:
        ada.add_collection_item(collection.slug, "ada/bert", "model")
    assert status(error) == 409
    kept = ada.add_collection_item(collection.slug, "ada/bert", "model", exists_ok=True)
    assert len(kept.items) == 1
    for name, kind in (("ada/missing", "model"), ("ada/bert", "dataset"), ("2307.09288", "paper")):
        with pytest.raises(HfHubHTTPError) as error:
            ada.add_collection_item(collection.slug, name, kind)  # type: ignore[arg-type]
        assert status(error) == 404


def test_collections_hold_collections_but_never_themselves(
    ada: HfApi, collection: Collection
) -> None:
    child = ada.create_collection(f"child of {collection.slug[-6:]}")
    full = ada.add_collection_item(collection.slug, child.slug, "collection")
    assert [(item.item_id, item.item_type) for item in full.items] == [(child.slug, "collection")]
    for parent, other in ((child, collection), (child, child)):
        with pytest.raises(HfHubHTTPError, match="itself") as error:
            ada.add_collection_item(parent.slug, other.slug, "collection")
        assert status(error) == 400
    ada.delete_collection(child.slug)
    assert ada.get_collection(collection.slug).items == []


def test_what_is_private_is_missing_for_others(ada: HfApi, bob: HfApi) -> None:
    secret = ada.create_collection("nobody knows", private=True)
    for call in (
        lambda: bob.get_collection(secret.slug),
        lambda: bob.delete_collection(secret.slug),
        lambda: bob.add_collection_item(secret.slug, "ada/bert", "model"),
    ):
        with pytest.raises(HfHubHTTPError) as error:
            call()
        assert status(error) == 404
    missing = f"{secret.slug[:-24]}{'0' * 24}"
    answers = [
        requests.get(f"{ada.endpoint}/api/collections/{slug}", timeout=30)
        for slug in (secret.slug, missing)
    ]
    assert answers[0].content == answers[1].content
    assert secret.slug not in [one.slug for one in bob.list_collections(owner="ada")]
    assert secret.slug in [one.slug for one in ada.list_collections(owner="ada")]


def test_items_that_one_may_not_see_are_left_out(
    ada: HfApi, bob: HfApi, collection: Collection
) -> None:
    ada.add_collection_item(collection.slug, "ada/secret", "model")
    ada.add_collection_item(collection.slug, "ada/bert", "model")
    assert [item.item_id for item in bob.get_collection(collection.slug).items] == ["ada/bert"]
    assert len(ada.get_collection(collection.slug).items) == 2
    own = bob.create_collection("of bob", exists_ok=True)
    with pytest.raises(HfHubHTTPError) as error:
        bob.add_collection_item(own.slug, "ada/secret", "model")
    assert status(error) == 404


def test_only_the_owner_changes_a_collection(
    served: HubServer, ada: HfApi, bob: HfApi, collection: Collection
) -> None:
    reader = HfApi(endpoint=served.endpoint, token=served.token("ada", "read"))
    for client in (bob, reader):
        for call in (
            lambda c=client: c.update_collection_metadata(collection.slug, title="mine"),
            lambda c=client: c.add_collection_item(collection.slug, "ada/bert", "model"),
            lambda c=client: c.delete_collection(collection.slug),
            lambda c=client: c.create_collection("of ada", namespace="ada"),
        ):
            with pytest.raises(HfHubHTTPError) as error:
                call()
            assert status(error) == 403
    url = f"{served.endpoint}/api/collections/{collection.slug}"
    assert requests.delete(url, timeout=30).status_code == 401
    assert ada.get_collection(collection.slug) == collection


def test_lists_are_filtered_sorted_and_paged(ada: HfApi, bob: HfApi) -> None:
    made = [bob.create_collection(f"page {number}") for number in range(5)]
    bob.add_collection_item(made[1].slug, "ada/bert", "model")
    found = [one.title for one in ada.list_collections(owner="BOB", limit=3)]
    assert found == ["page 1", "page 4", "page 3"]
    holding = [one.slug for one in bob.list_collections(owner="bob", item="models/ada/bert")]
    assert holding == [made[1].slug]
    url = f"{ada.endpoint}/api/collections?owner=bob&limit=2"
    seen = []
    while url:
        answer = requests.get(url, timeout=30)
        assert all("position" not in one for one in answer.json())
        seen += [one["title"] for one in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert len(seen) == len(set(seen)) >= 5


def test_positions_are_those_among_the_owners_collections(bob: HfApi, ada: HfApi) -> None:
    slugs = [bob.create_collection(f"row {number}").slug for number in range(2)]
    bob.update_collection_metadata(slugs[1], position=0)
    positions = [bob.get_collection(slug).position for slug in slugs]
    assert positions[1] == 0
    assert positions[0] > 0


def test_recommending_counts_people(served: HubServer, bob: HfApi, collection: Collection) -> None:
    url = f"{served.endpoint}/api/collections/{collection.slug}/upvote"
    for _ in range(2):
        assert requests.post(url, headers=served.headers("bob"), timeout=30).json()["upvotes"] == 1
    assert bob.get_collection(collection.slug).upvotes == 1
    assert next(iter(bob.list_collections(sort="upvotes"))).slug == collection.slug
    assert requests.delete(url, headers=served.headers("bob"), timeout=30).json()["upvotes"] == 0
    assert requests.post(url, timeout=30).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": 5},
        {"title": "a\0b"},
        {"title": "\ud800"},
        {"title": "x" * 300},
        {"title": "x", "private": "yes"},
        {"title": "x", "namespace": "nobody-here"},
        {"title": "x", "resourceGroupId": "a" * 24},
    ],
)
def test_bodies_that_mean_nothing_are_refused(served: HubServer, body: dict[str, Any]) -> None:
    url = f"{served.endpoint}/api/collections"
    answer = requests.post(url, json=body, headers=served.headers("ada"), timeout=30)
    assert answer.status_code == 400, answer.text


def test_deleted_repositories_leave_their_collections(
    served: HubServer, ada: HfApi, collection: Collection
) -> None:
    ada.create_repo("ada/short-lived")
    ada.add_collection_item(collection.slug, "ada/short-lived", "model")
    ada.delete_repo("ada/short-lived")
    assert ada.get_collection(collection.slug).items == []
    ada.delete_collection(collection.slug)
    ada.delete_collection(collection.slug, missing_ok=True)
    with pytest.raises(HfHubHTTPError) as error:
        ada.get_collection(collection.slug)
    assert status(error) == 404
