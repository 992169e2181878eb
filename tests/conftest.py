"""A real hub on a real socket, for every floor that talks HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from .stores import DEFAULT_PAIR, in_use, parametrize, stop_servers

T = TypeVar("T")

pytest_plugins = ["pytest_jupyter.jupyter_server"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests on both pairs of stores where they ask for it."""
    parametrize(metafunc)


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    """Stop the servers of stores that the tests have started."""
    yield
    stop_servers()


@pytest.fixture(scope="module", autouse=True)
def stores(request: pytest.FixtureRequest, servers: None) -> Iterator[str]:
    """The pair of stores that the hubs of a module are opened on.

    A module that asks for both must let its own fixtures of more than one test depend on this one.
    """
    pair = getattr(request, "param", DEFAULT_PAIR)
    with in_use(pair):
        yield pair


class HubServer:
    """A standalone hub in a thread of the test process; ``hub`` is the served one."""

    def __init__(self, data: Path, prefix: str = "") -> None:
        self._data = data
        self._prefix = prefix
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._ready.wait(30)
        if self._failure is not None:
            raise self._failure
        self.hub = self._server.hub
        self.endpoint = f"http://127.0.0.1:{self._server.port}{prefix}"

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            from phub_server.standalone import StandaloneServer

            self._loop.run_until_complete(self._open(StandaloneServer))
        except BaseException as error:
            self._failure = error
            self._ready.set()
            return
        self._ready.set()
        self._loop.run_forever()
        self._loop.close()

    async def _open(self, server: Any) -> None:
        self._server = server(self._data, "127.0.0.1", 0, self._prefix)

    def add_user(self, name: str, admin: bool = False) -> None:
        """Add an account."""
        self.hub.accounts.add_user(name, admin=admin)

    def token(self, user: str = "ada", role: str = "write", **kwargs: Any) -> str:
        """Mint a token."""
        return self.hub.accounts.add_token(user, name="test", role=role, **kwargs)

    def headers(self, user: str = "ada", role: str = "write") -> dict[str, str]:
        """Headers of a request by that user."""
        return {"Authorization": f"Bearer {self.token(user, role)}"}

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the hub runs."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        """Stop serving and close the hub."""
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)


@pytest.fixture
def hub_server(tmp_path: Path) -> Iterator[HubServer]:
    """A served hub with the people ada, bob (plain) and root (administrator)."""
    server = HubServer(tmp_path / "hub")
    server.add_user("ada")
    server.add_user("bob")
    server.add_user("root", admin=True)
    yield server
    server.close()


@pytest.fixture
def prefixed_hub_server(tmp_path: Path) -> Iterator[HubServer]:
    """The same hub below a path, as it is inside Jupyter."""
    server = HubServer(tmp_path / "hub", "/user/ada/phub")
    server.add_user("ada")
    server.add_user("bob")
    yield server
    server.close()
