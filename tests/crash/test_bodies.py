"""kill -9 while a body arrives: nothing of it stays, and it can be sent again."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from phub_jupyter.hub.hub import Hub
from phub_jupyter.identifiers import RepoId, RepoType

from .served import Served

DATA = os.urandom(6_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()


def _hub(data: Path) -> str:
    """Make a hub with a repository; the token of its owner."""
    hub = Hub.open(data)
    hub.accounts.add_user("ada")
    ada = hub.accounts.actor_for_user("ada")
    hub.repositories.create(ada, RepoType.MODEL, RepoId.parse("ada/m"), private=True)
    token = hub.accounts.add_token("ada", name="test", role="write")
    hub.close()
    return token


def _link(endpoint: str, token: str, operation: str) -> str:
    answer = requests.post(
        f"{endpoint}/ada/m.git/info/lfs/objects/batch",
        json={
            "operation": operation,
            "transfers": ["basic"],
            "objects": [{"oid": SHA256, "size": len(DATA)}],
        },
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/vnd.git-lfs+json",
            "Accept": "application/vnd.git-lfs+json",
        },
        timeout=30,
    )
    found: dict[str, Any] = answer.json()["objects"][0]
    assert "actions" in found, found
    link: str = found["actions"][operation]["href"]
    return link


def _send_half(link: str, partial: Path) -> http.client.HTTPConnection:
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}")
    connection.putheader("Content-Length", str(len(DATA)))
    connection.endheaders()
    connection.send(DATA[: len(DATA) // 2])
    deadline = time.monotonic() + 30
    while not any(path.stat().st_size > 1_000_000 for path in partial.glob("*.partial")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return connection


@pytest.mark.both_stores
def test_half_a_body_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    token = _hub(data)
    served = Served(data)
    served.wait()
    connection = _send_half(_link(served.endpoint, token, "upload"), data / "uploads")
    served.kill(children=True)
    connection.close()
    assert list((data / "uploads").iterdir())

    served = Served(data)
    served.wait()
    assert list((data / "uploads").iterdir()) == []
    link = _link(served.endpoint, token, "upload")
    assert requests.put(link, data=DATA, timeout=30).status_code == 200
    answer = requests.get(_link(served.endpoint, token, "download"), timeout=30)
    assert answer.content == DATA
    served.kill(children=True)
    hub = Hub.open(data)
    assert list(hub.large_files.verify()) == []
    hub.close()
