"""What of serving on a cluster can be tried without one."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.on_serve.lines import Lines
from phub_jupyter.compute.inference.on_serve.orders import Order, Revision
from phub_jupyter.errors import InvalidRequestError, OverloadedError
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.serving.serve_gateway import ServeGateway
from phub_jupyter.hub.serving.worker_process import Errand
from phub_jupyter.serve_settings import ServeSettings

OLD_SECONDS = 15.0


class Shelf:
    """Applications that become ready when a test says so."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def get(self, order: Order, before: Any = None) -> Any:
        return self.known.setdefault(order.revision.commit, Entry(order.revision.commit, before))


class Entry:
    def __init__(self, commit: str, before: Any) -> None:
        self.commit = commit
        self.before = before
        self.superseded = self.is_ready = self.is_decided = False

    def decide(self, ready: bool = True) -> None:
        self.is_decided, self.is_ready = True, ready


class Branches:
    """`Lines` with a clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0
        self.shelf = Shelf()
        applications: Any = self.shelf
        self.lines = Lines(applications, OLD_SECONDS, lambda: self.now)

    def ask(self, commit: str, line: str | None = "main") -> Any:
        order = Order(Revision("a" * 24, commit), line, "text-classification", {}, "")
        return self.lines.application(order)


@pytest.fixture
def branches() -> Branches:
    found = Branches()
    found.ask("one").decide()
    return found


def test_the_old_commit_answers_until_the_new_one_is_ready(branches: Branches) -> None:
    branches.now = 100
    assert branches.ask("one").commit == "one"
    branches.now = 101
    assert branches.ask("two").commit == "one"
    new = branches.shelf.known["two"]
    assert new.before.commit == "one"
    new.decide()
    assert branches.ask("two") is new
    assert new.before.superseded
    assert not new.superseded


def test_the_old_commit_answers_no_longer_than_it_may(branches: Branches) -> None:
    branches.now = 100
    branches.ask("one")
    branches.now = 100 + OLD_SECONDS
    assert branches.ask("two").commit == "one"
    branches.now += 0.1
    assert branches.ask("two").commit == "two"  # and is waited for
    assert branches.shelf.known["one"].superseded  # so that it gives its room to the new one


def test_a_commit_that_may_be_long_past_does_not_answer_at_all(branches: Branches) -> None:
    branches.now = 3600  # nobody has called since
    assert branches.ask("two").commit == "two"


def test_a_new_commit_that_cannot_run_is_told_and_not_hidden(branches: Branches) -> None:
    assert branches.ask("two").commit == "one"
    branches.shelf.known["two"].decide(ready=False)
    assert branches.ask("two").commit == "two"


def test_an_old_commit_that_gave_its_room_away_does_not_answer(branches: Branches) -> None:
    branches.shelf.known["one"].is_ready = False
    assert branches.ask("two").commit == "two"


def test_an_exact_commit_is_what_was_asked_for(branches: Branches) -> None:
    assert branches.ask("two", None).commit == "two"
    assert branches.ask("one", None).commit == "one"
    assert not branches.shelf.known["one"].superseded


def test_an_old_commit_that_another_branch_is_at_stays(branches: Branches) -> None:
    branches.ask("one", "stable")
    branches.ask("two").decide()
    branches.shelf.known["two"].decide()
    assert branches.ask("two").commit == "two"
    assert not branches.shelf.known["one"].superseded


def test_settings_come_from_the_environment() -> None:
    assert ServeSettings.from_environment({"PHUB_SERVE_CPUS": "2"}) is None
    settings = ServeSettings.from_environment(
        {
            "PHUB_SERVE_ADDRESS": "10.0.0.1:6379",
            "PHUB_SERVE_ENDPOINT": "http://hub:8080/",
            "PHUB_SERVE_GPUS": "0.25",
            "PHUB_SERVE_MIN_REPLICAS": "1",
        }
    )
    assert settings is not None
    assert (settings.endpoint, settings.gpus, settings.min_replicas) == ("http://hub:8080", 0.25, 1)
    assert ServeSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ADDRESS", "http://head:8265"),
        ("ADDRESS", "head"),
        ("ENDPOINT", ""),
        ("ENDPOINT", "hub:8080"),
        ("CPUS", "0"),
        ("CPUS", "many"),
        ("GPUS", "-1"),
        ("GPUS", "nan"),
        ("MAX_REPLICAS", "1.5"),
        ("MIN_REPLICAS", "5"),
        ("OLD_SECONDS", "²"),
    ],
)
def test_a_wrong_setting_is_named(name: str, text: str) -> None:
    variables = {
        "PHUB_SERVE_ADDRESS": "head:6379",
        "PHUB_SERVE_ENDPOINT": "http://hub",
        f"PHUB_SERVE_{name}": text,
    }
    with pytest.raises(InvalidRequestError, match=f"PHUB_SERVE_{name}"):
        ServeSettings.from_environment(variables)


def test_without_its_cluster_the_gateway_says_so(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"  # where nothing listens
        settings = ServeSettings(address, "http://127.0.0.1:9")
        hub = Hub.open(tmp_path / "hub")
        gateway = ServeGateway(tmp_path / "gateway", settings, hub.passes)
        fields = {"task": "x", "body": {}, "repo": "a", "commit": "b", "line": None, "pass": ""}

        async def scenario() -> None:
            try:
                with pytest.raises(OverloadedError, match=address) as refusal:
                    await gateway.ask(Errand("a/b", fields))
                assert refusal.value.retry_after
                with pytest.raises(OverloadedError, match=address):
                    await anext(gateway.stream(Errand("a/b", fields)))
            finally:
                await gateway.stop()

        try:
            asyncio.run(scenario())
        finally:
            hub.close()


def test_the_hub_does_not_load_ray() -> None:
    code = (
        "import sys, phub_jupyter.hub.hub, phub_server.routes;"
        "import phub_jupyter.compute.inference.on_serve.gateway as gateway;"
        "print('ray' in sys.modules, 'torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
