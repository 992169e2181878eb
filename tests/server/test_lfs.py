"""git-lfs over HTTP: addresses that carry their proof, and nothing kept that was not announced."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from phub_jupyter.identifiers import RepoId, RepoType

DATA = os.urandom(2_500_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
OBJECT = {"oid": SHA256, "size": len(DATA)}
MEDIA_TYPE = "application/vnd.git-lfs+json"


@pytest.fixture
def server(hub_server: Any) -> Any:
    create, ada = hub_server.hub.repositories.create, hub_server.hub.accounts.actor_for_user("ada")
    create(ada, RepoType.MODEL, RepoId.parse("ada/secret"), private=True)
    create(ada, RepoType.MODEL, RepoId.parse("ada/open"), private=False)
    create(ada, RepoType.DATASET, RepoId.parse("ada/data"), private=False)
    return hub_server


def batch(
    server: Any,
    operation: str = "upload",
    repo: str = "ada/secret",
    headers: dict[str, str] | None = None,
    **changes: Any,
) -> requests.Response:
    body = {"operation": operation, "transfers": ["basic", "multipart"], "objects": [OBJECT]}
    return requests.post(
        f"{server.endpoint}/{repo}.git/info/lfs/objects/batch",
        json=body | changes,
        headers=server.headers() if headers is None else headers,
        timeout=10,
    )


def upload(server: Any, repo: str = "ada/secret") -> None:
    (item,) = batch(server, repo=repo).json()["objects"]
    answer = requests.put(item["actions"]["upload"]["href"], data=DATA, timeout=10)
    answer.raise_for_status()


def partial_files(server: Any) -> list[Any]:
    for _ in range(100):
        found = list((server.hub.root / "uploads").iterdir())
        if not found:
            break
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("repo", ["ada/secret", "datasets/ada/data"])
def test_a_file_goes_in_is_verified_and_comes_out(server: Any, repo: str) -> None:
    answer = batch(server, repo=repo)
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.json()["transfer"] == "basic"
    actions = answer.json()["objects"][0]["actions"]
    verify = actions["verify"]["href"]
    assert requests.post(verify, json=OBJECT, timeout=10).status_code == 404
    assert requests.put(actions["upload"]["href"], data=DATA, timeout=10).status_code == 200
    assert requests.post(verify, json=OBJECT, timeout=10).status_code == 200
    assert requests.post(verify, json=OBJECT | {"size": 1}, timeout=10).status_code == 400
    assert batch(server, repo=repo).json()["objects"] == [OBJECT]
    (item,) = batch(server, "download", repo=repo).json()["objects"]
    href = item["actions"]["download"]["href"]
    whole = requests.get(href, timeout=10)
    assert whole.content == DATA
    assert whole.headers["Content-Length"] == str(len(DATA))
    part = requests.get(href, headers={"Range": "bytes=1000000-"}, timeout=10)
    assert part.status_code == 206
    assert part.content == DATA[1_000_000:]
    assert part.headers["Content-Range"] == f"bytes 1000000-{len(DATA) - 1}/{len(DATA)}"
    behind = requests.get(href, headers={"Range": f"bytes={len(DATA)}-"}, timeout=10)
    assert behind.status_code == 416


def test_what_the_repository_does_not_have(server: Any) -> None:
    upload(server)
    (item,) = batch(server, "download", "ada/open").json()["objects"]
    assert item["error"]["code"] == 404
    assert "actions" in batch(server, repo="ada/open").json()["objects"][0]
    (item,) = batch(server, objects=[OBJECT | {"size": 5}]).json()["objects"]
    assert item["error"]["code"] == 422


@pytest.mark.parametrize(
    ("operation", "repo", "who", "status"),
    [
        ("download", "ada/secret", None, 401),
        ("upload", "ada/secret", None, 401),
        ("upload", "ada/open", None, 401),
        ("download", "ada/open", None, 200),
        ("download", "ada/secret", "bob", 404),
        ("upload", "ada/open", "bob", 403),
    ],
)
def test_batches_are_for_those_who_may(
    server: Any, operation: str, repo: str, who: str | None, status: int
) -> None:
    answer = batch(server, operation, repo, server.headers(who) if who else {})
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["LFS-Authenticate"].startswith("Basic realm=")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    if status != 200:
        assert answer.json()["message"]


def test_the_password_of_a_git_client_works(server: Any) -> None:
    answer = requests.post(
        f"{server.endpoint}/ada/secret.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [OBJECT]},
        auth=("hf_user", server.token()),
        timeout=10,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"operation": "steal"}, "operation"),
        ({"objects": "x"}, "objects"),
        ({"objects": [{"oid": "../x", "size": 1}]}, "oid"),
        ({"objects": [{"oid": SHA256, "size": -1}]}, "size"),
        ({"objects": [{"oid": SHA256, "size": True}]}, "size"),
        ({"objects": [OBJECT] * 1001}, "objects"),
        ({"hash_algo": "md5"}, "hash_algo"),
    ],
)
def test_malformed_batches_name_the_field(server: Any, changes: dict[str, Any], field: str) -> None:
    answer = batch(server, **changes)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{field}: ")


@pytest.mark.parametrize("body", [DATA[:-1], DATA + b"?", b"?" + DATA[1:], b""])
def test_a_wrong_body_is_refused_and_leaves_nothing(server: Any, body: bytes) -> None:
    (item,) = batch(server).json()["objects"]
    answer = requests.put(item["actions"]["upload"]["href"], data=body, timeout=10)
    assert answer.status_code == 400
    assert partial_files(server) == []
    assert not (server.hub.root / "objects/lfs").exists()
    assert "actions" in batch(server).json()["objects"][0]


def test_addresses_cannot_be_turned_to_other_uses(server: Any) -> None:
    (item,) = batch(server).json()["objects"]
    href = item["actions"]["upload"]["href"]
    assert requests.get(href, timeout=10).status_code == 403
    assert requests.put(href.replace(SHA256, "0" * 64), data=DATA, timeout=10).status_code == 403
    assert requests.put(href.partition("?")[0], data=DATA, timeout=10).status_code == 403
    upload(server)
    (item,) = batch(server, "download").json()["objects"]
    href = item["actions"]["download"]["href"]
    assert requests.put(href, data=DATA, timeout=10).status_code == 403
    assert requests.get(href[:-3], timeout=10).status_code == 403


def test_a_client_that_dies_in_the_middle_leaves_nothing(server: Any) -> None:
    (item,) = batch(server).json()["objects"]
    url = urlsplit(item["actions"]["upload"]["href"])
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
    head += f"Content-Length: {len(DATA)}\r\n\r\n"
    with socket.create_connection((url.hostname, url.port)) as line:
        line.sendall(head.encode() + DATA[:-1])
        time.sleep(0.3)
    assert partial_files(server) == []
    assert not (server.hub.root / "objects/lfs").exists()
    upload(server)
    assert list(server.hub.large_files.verify()) == []


def test_locks_are_not_offered_but_a_push_may_ask(server: Any) -> None:
    base = f"{server.endpoint}/ada/secret.git/info/lfs/locks"
    asked = requests.post(f"{base}/verify", json={}, headers=server.headers(), timeout=10)
    assert asked.json() == {"ours": [], "theirs": [], "next_cursor": ""}
    assert requests.get(base, headers=server.headers(), timeout=10).status_code == 501
    assert requests.post(base, json={}, headers=server.headers(), timeout=10).status_code == 501
