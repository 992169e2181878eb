"""One served hub for the tests of a module, with a new model for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer
from .repo_client import RepoClient

NUMBERS = count()


@pytest.fixture(scope="module")
def served(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A hub with ada and bob."""
    server = HubServer(tmp_path_factory.mktemp("served") / "hub")
    server.add_user("ada")
    server.add_user("bob")
    yield server
    server.close()


@pytest.fixture(scope="module")
def own(served: HubServer) -> HubServer:
    """The same hub, where ada has a repository of each type, all named ``own``."""
    ada = served.hub.accounts.actor_for_user("ada")
    for repo_type in set(RepoType) - {RepoType.BUCKET}:
        served.hub.repositories.create(ada, repo_type, RepoId.parse("ada/own"), private=False)
    served.hub.buckets.create(ada, RepoId.parse("ada/own"), private=False)
    return served


@pytest.fixture
def model(served: Any) -> RepoClient:
    """A new model of ada."""
    return RepoClient(served, f"m{next(NUMBERS)}")
