"""One served hub for the tests of a module, with a new model for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

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


@pytest.fixture
def model(served: Any) -> RepoClient:
    """A new model of ada."""
    return RepoClient(served, f"m{next(NUMBERS)}")
