"""One hub for the tests of a module, with a new model for each; modules may bring their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from phub_jupyter.identifiers import RepoId, RepoType

from .repo_fixtures import Workshop


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[Workshop]:
    """A hub with ada and bob."""
    shop = Workshop.open(tmp_path_factory.mktemp("opened") / "hub")
    shop.hub.accounts.add_user("bob")
    yield shop
    shop.hub.close()


@pytest.fixture
def shop(opened: Workshop, request: pytest.FixtureRequest) -> Workshop:
    """The hub, with a new model of ada for each test."""
    name = re.sub("[^a-z]+", "-", request.node.name.lower()).strip("-")
    repo = opened.hub.repositories.create(
        opened.ada, RepoType.MODEL, RepoId("ada", name), private=False
    )
    return Workshop(opened.hub, opened.ada, repo)
