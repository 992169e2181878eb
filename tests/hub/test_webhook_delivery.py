"""What may be delivered where, and that no message is lost that was written down."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.errors import InvalidRequestError, StorageError
from phub_jupyter.hub.database.tables import WebhookDelivery, utc_now
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.webhooks.addresses import Allowed
from phub_jupyter.hub.webhooks.secrets import Sealer
from phub_jupyter.hub.webhooks.sender import send
from phub_jupyter.hub.webhooks.webhooks import Watched, WebhookWishes
from phub_jupyter.identifiers import RepoId, RepoType

INSIDE = [
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%lo",
    "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2002:a00:1::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused(address: str) -> None:
    assert not Allowed().includes(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert Allowed().includes(address)


def test_loopback_is_for_hubs_that_nobody_else_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        allowed = Allowed.from_environment(host)
        assert allowed.includes("127.0.0.1")
        assert not allowed.includes("10.0.0.1")
    for host in ("", "0.0.0.0", "10.0.0.1", "hub.example.org"):
        assert not Allowed.from_environment(host).includes("127.0.0.1")
    monkeypatch.setenv("PHUB_WEBHOOK_NETWORKS", "10.1.0.0/16, 127.0.0.1")
    allowed = Allowed.from_environment("")
    assert [allowed.includes(a) for a in ("10.1.2.3", "10.2.0.1", "127.0.0.1", "127.0.0.2")] == [
        True, False, True, False,
    ]  # fmt: skip
    monkeypatch.setenv("PHUB_WEBHOOK_NETWORKS", "everything")
    with pytest.raises(InvalidRequestError, match="everything"):
        Allowed.from_environment("")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:80/", "http://2130706433/", "http://0x7f.1/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://127.1/", "http://0/",
    ],
)  # fmt: skip
def test_every_spelling_of_this_machine_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequestError):
        Allowed().resolve(url)


def test_one_address_inside_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(*_args: Any, **_kwargs: Any) -> list[Any]:
        return [(2, 1, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", names)
    with pytest.raises(InvalidRequestError, match="private"):
        Allowed().resolve("http://rebinding.example.org/")


def test_a_receiver_that_dawdles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phub_jupyter.hub.webhooks.sender._TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        target = Allowed(loopback=True).resolve(f"http://127.0.0.1:{port}/")
        start = time.monotonic()
        with pytest.raises((OSError, ValueError)):
            send(target, {}, None)
        assert time.monotonic() - start < 5


def test_a_secret_can_only_be_read_with_the_hubs_own() -> None:
    sealed = Sealer(b"a" * 32).seal("sesame")
    assert b"sesame" not in sealed
    assert Sealer(b"a" * 32).open(sealed) == "sesame"
    with pytest.raises(StorageError):
        Sealer(b"b" * 32).open(sealed)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A hub where ada's webhook waits for something to tell."""
    hub = Hub.open(tmp_path / "hub")
    hub.accounts.add_user("ada")
    ada = hub.accounts.actor_for_user("ada")
    wishes = WebhookWishes(url="http://127.0.0.1:9/", watched=[Watched("user", "ada")])
    hub.webhooks.create(ada, wishes)
    hub.close()
    return tmp_path / "hub"


_MAKE_AND_DIE = """
import os, sys
from pathlib import Path
from phub_jupyter.hub.hub import Hub
from phub_jupyter.identifiers import RepoId, RepoType
hub = Hub.open(Path(sys.argv[1]))
ada = hub.accounts.actor_for_user("ada")
hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", "m"), private=False)
assert len(hub.webhook_queue.take(10)) == 1
os.kill(os.getpid(), 9)
"""


def test_a_message_outlives_the_process_that_was_sending_it(root: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", _MAKE_AND_DIE, str(root)], timeout=120)
    assert killed.returncode == -9
    hub = Hub.open(root)
    assert hub.webhook_queue.take(10) == []  # somebody may still be sending it
    later = utc_now() + timedelta(minutes=2)
    tasks = hub.webhook_queue.take(10, later)
    assert [task.delivery.payload["repo"]["name"] for task in tasks] == ["ada/m"]
    assert tasks[0].delivery.attempts == 2
    hub.webhook_queue.delivered(tasks[0], 200)
    assert hub.webhook_queue.take(10, later) == []
    assert hub.webhook_queue.next_due() is None
    hub.close()


def test_two_processes_do_not_send_the_same_message(root: Path) -> None:
    hub, other = Hub.open(root), Hub.open(root)
    ada = hub.accounts.actor_for_user("ada")
    hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", "m"), private=False)
    assert len(hub.webhook_queue.take(10)) == 1
    assert other.webhook_queue.take(10) == []
    hub.close()
    other.close()


def test_old_messages_are_forgotten(root: Path) -> None:
    hub = Hub.open(root)
    ada = hub.accounts.actor_for_user("ada")
    hub.repositories.create(ada, RepoType.MODEL, RepoId("ada", "m"), private=False)
    task = hub.webhook_queue.take(1)[0]
    hub.webhook_queue.delivered(task, 200)
    hub.webhook_queue.prune()
    with hub.database.write() as session:
        session.get_one(WebhookDelivery, task.delivery.pk).finished_at = utc_now() - timedelta(40)
    hub.webhook_queue.prune()
    with hub.database.read() as session:
        assert session.get(WebhookDelivery, task.delivery.pk) is None
    hub.close()
