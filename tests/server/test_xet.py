"""The Xet store over HTTP: what opens it, what does not, and that half an upload leaves nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from phub_jupyter.identifiers import RepoId, RepoType

from ..hub.xet_bodies import ClientFile, ClientSegment, ClientXorb, shard

_RANDOM = random.Random(11)
XORB = ClientXorb(tuple(_RANDOM.randbytes(_RANDOM.randint(1, 131072)) for _ in range(12)))
SEGMENTS = (ClientSegment(XORB, 2, 9), ClientSegment(XORB, 0, 3))
CONTENT = ClientFile(SEGMENTS).content
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = ClientFile(SEGMENTS, claimed_sha256=SHA256)


class Store:
    """The Xet store, as one caller sees it through the token of one repository."""

    def __init__(self, server: Any, headers: dict[str, str], repo: str, scope: str) -> None:
        route = f"{server.endpoint}/api/models/{repo}/xet-{scope}-token/main"
        self.answer = requests.get(route, headers=headers, timeout=10)
        self.answer.raise_for_status()
        self.url = self.answer.json()["casUrl"]
        self.headers = {"Authorization": f"Bearer {self.answer.json()['accessToken']}"}

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        headers = self.headers | kwargs.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=30, **kwargs)

    def upload(self) -> None:
        self.call("POST", f"/v1/xorbs/default/{XORB.hash}", data=XORB.body).raise_for_status()
        self.call("POST", "/v1/shards", data=shard([FILE], [XORB])).raise_for_status()


@pytest.fixture
def server(hub_server: Any) -> Any:
    create, ada = hub_server.hub.repositories.create, hub_server.hub.accounts.actor_for_user("ada")
    create(ada, RepoType.MODEL, RepoId.parse("ada/secret"), private=True)
    create(ada, RepoType.MODEL, RepoId.parse("ada/open"), private=False)
    return hub_server


def store(server: Any, repo: str = "ada/secret", scope: str = "write", **who: str) -> Store:
    return Store(server, server.headers(**who), repo, scope)


def partial_files(server: Any) -> list[Path]:
    """What lies in the uploads folder, once the server had time to clear it."""
    for _ in range(100):
        found = list((server.hub.root / "uploads").iterdir())
        if not found:
            break
        time.sleep(0.05)
    return found


def test_a_token_comes_in_both_forms_with_a_generous_end(server: Any) -> None:
    answer = store(server, scope="read").answer
    body = answer.json()
    assert answer.headers["X-Xet-Cas-Url"] == body["casUrl"]
    assert answer.headers["X-Xet-Access-Token"] == body["accessToken"]
    assert answer.headers["X-Xet-Token-Expiration"] == str(body["exp"])
    assert body["casUrl"].startswith(f"{server.endpoint}/xet/{server.hub.cas.deployment_id}")
    assert 3000 < body["exp"] - time.time() <= 3600


@pytest.mark.parametrize(
    ("repo", "scope", "who", "status", "code"),
    [
        ("ada/secret", "read", {"user": "bob"}, 404, "RepoNotFound"),
        ("ada/missing", "read", {"user": "ada"}, 404, "RepoNotFound"),
        ("ada/secret", "write", {"user": "ada", "role": "read"}, 403, "Forbidden"),
        ("ada/open", "write", {"user": "bob"}, 403, "Forbidden"),
        ("ada/secret", "read", None, 401, "RepoNotFound"),
        ("ada/open", "write", None, 401, "Unauthorized"),
    ],
)
def test_tokens_are_for_those_who_may(
    server: Any, repo: str, scope: str, who: dict[str, str] | None, status: int, code: str
) -> None:
    answer = requests.get(
        f"{server.endpoint}/api/models/{repo}/xet-{scope}-token/main",
        headers=server.headers(**who) if who else {},
        timeout=10,
    )
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)


def test_revisions_of_tokens(server: Any) -> None:
    base = f"{server.endpoint}/api/models/ada/open"
    missing = requests.get(f"{base}/xet-read-token/nope", timeout=10)
    assert (missing.status_code, missing.headers["X-Error-Code"]) == (404, "RevisionNotFound")
    assert requests.get(f"{base}/xet-read-token/refs%2Fheads%2Fmain", timeout=10).ok
    lenient = requests.get(f"{base}/xet-write-token/None", headers=server.headers(), timeout=10)
    assert lenient.ok


def test_a_file_goes_in_and_any_part_comes_out(server: Any) -> None:
    writer = store(server)
    path = f"/v1/xorbs/default/{XORB.hash}"
    assert writer.call("POST", path, data=XORB.body).json() == {"was_inserted": True}
    assert writer.call("POST", path, data=XORB.body).json() == {"was_inserted": False}
    body = shard([FILE], [XORB])
    assert writer.call("POST", "/v1/shards", data=body).json() == {"result": 1}
    assert writer.call("POST", "/shards", data=body).json() == {"result": 0}
    reader = store(server, scope="read", role="read")
    whole = reader.call("GET", f"/v1/reconstructions/{FILE.hash}").json()
    assert [term["range"] for term in whole["terms"]] == [
        {"start": 2, "end": 9},
        {"start": 0, "end": 3},
    ]
    (entry,) = whole["fetch_info"][XORB.hash]
    span = entry["url_range"]
    part = requests.get(
        entry["url"], headers={"Range": f"bytes={span['start']}-{span['end']}"}, timeout=10
    )
    assert part.status_code == 206
    assert part.content == XORB.body[span["start"] : span["end"] + 1]
    second = reader.call(
        "GET", f"/v2/reconstructions/{FILE.hash}", headers={"Range": "bytes=100-200"}
    ).json()
    assert second["offset_into_first_range"] == 100
    assert second["terms"][0]["range"] == {"start": 2, "end": 3}
    behind = reader.call(
        "GET", f"/v2/reconstructions/{FILE.hash}", headers={"Range": f"bytes={len(CONTENT)}-"}
    )
    assert behind.status_code == 416


def test_hashes_alone_open_nothing(server: Any) -> None:
    store(server).upload()
    path = f"/v1/reconstructions/{FILE.hash}"
    elsewhere = store(server, "ada/open", "read", user="bob")
    assert elsewhere.call("GET", path).status_code == 404
    assert store(server, "ada/open").call("GET", path).status_code == 404
    assert requests.get(store(server).url + path, timeout=10).status_code == 401
    guess = ClientFile(
        tuple(ClientSegment(XORB, s.start, s.end, proof=bytes(32)) for s in SEGMENTS)
    )
    answer = store(server, "ada/open").call("POST", "/v1/shards", data=shard([guess]))
    assert answer.status_code == 400
    assert "verification" in answer.json()["error"]


def test_an_address_of_a_range_is_for_that_range_only(server: Any) -> None:
    store(server).upload()
    reader = store(server, scope="read")
    found = reader.call(
        "GET", f"/v1/reconstructions/{FILE.hash}", headers={"Range": "bytes=0-9"}
    ).json()
    (entry,) = found["fetch_info"][XORB.hash]
    first, last = entry["url_range"]["start"], entry["url_range"]["end"]
    assert first > 0

    def status(url: str, asked: str | None) -> int:
        headers = {} if asked is None else {"Range": asked}
        return requests.get(url, headers=headers, timeout=10).status_code

    assert status(entry["url"], f"bytes={first}-{last}") == 206
    assert status(entry["url"], f"bytes={first - 1}-{last}") == 403
    assert status(entry["url"], f"bytes={last + 1}-{last + 2}") == 416
    assert status(entry["url"], None) == 400
    assert status(entry["url"].partition("?")[0], f"bytes={first}-{last}") == 403
    assert status(entry["url"][:-2], f"bytes={first}-{last}") == 403
    other = entry["url"].replace(f"/ranges/{XORB.hash}", f"/ranges/{'0' * 64}")
    assert status(other, f"bytes={first}-{last}") == 403
    access = f"{reader.url}/ranges/{XORB.hash}?auth={reader.answer.json()['accessToken']}"
    assert status(access, f"bytes={first}-{last}") == 403


def test_rights_are_asked_again_at_each_use(server: Any) -> None:
    store(server).upload()
    token = server.token("ada")
    reader = Store(server, {"Authorization": f"Bearer {token}"}, "ada/secret", "read")
    path = f"/v1/reconstructions/{FILE.hash}"
    (entry,) = reader.call("GET", path).json()["fetch_info"][XORB.hash]
    server.hub.accounts.revoke_token(token)
    assert reader.call("GET", path).status_code in (401, 403)
    asked = {"Range": f"bytes=0-{entry['url_range']['end']}"}
    assert requests.get(entry["url"], headers=asked, timeout=10).status_code == 403


def test_a_read_token_does_not_write(server: Any) -> None:
    reader = store(server, scope="read")
    for path, body in ((f"/v1/xorbs/default/{XORB.hash}", XORB.body), ("/v1/shards", b"")):
        assert reader.call("POST", path, data=body).status_code == 403
    assert partial_files(server) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/xorb-grants/default/{XORB.hash}"),
        ("PUT", f"/v1/chunks/default/{XORB.hash}"),
        ("GET", "/v2/shards"),
        ("GET", "/v1/shards"),
        ("PUT", f"/v1/xorbs/default/{XORB.hash}"),
        ("DELETE", f"/v1/reconstructions/{XORB.hash}"),
        ("POST", "/v1/xorbs/default/short"),
        ("GET", "/v9/anything"),
    ],
)
def test_what_is_not_offered_is_a_plain_404(server: Any, method: str, path: str) -> None:
    caller = store(server)
    assert caller.call(method, path, data=b"{}").status_code == 404
    assert requests.request(method, caller.url + path, timeout=10).status_code == 404


def test_another_deployment_is_not_this_one(server: Any) -> None:
    caller = store(server)
    caller.url = caller.url[:-2] + "zz"
    assert caller.call("POST", "/v1/shards", data=shard([FILE])).status_code == 404


def test_telemetry_is_taken_at_the_root(server: Any) -> None:
    answer = requests.post(
        f"{server.endpoint}/v1/telemetry", json={}, headers={"Authorization": "x y"}, timeout=10
    )
    assert answer.status_code == 200


def test_wrong_bodies_are_refused_and_leave_nothing(server: Any) -> None:
    writer = store(server)
    for name, body in ((XORB.hash, XORB.body[:-1]), ("0" * 64, XORB.body), (XORB.hash, b"")):
        answer = writer.call("POST", f"/v1/xorbs/default/{name}", data=body)
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("xorb: ")
    early = writer.call("POST", "/v1/shards", data=shard([FILE]))
    assert early.status_code == 400
    assert "no xorb" in early.json()["error"]
    assert partial_files(server) == []
    assert list(server.hub.large_files.verify()) == []
    writer.upload()


def test_a_body_over_the_limit_is_refused(server: Any) -> None:
    writer = store(server)
    answer = writer.call("POST", f"/v1/xorbs/default/{XORB.hash}", data=bytes((72 << 20) + 1))
    assert answer.status_code == 400
    assert "limit" in answer.json()["error"]
    assert partial_files(server) == []


def test_a_client_that_dies_in_the_middle_leaves_nothing(server: Any) -> None:
    writer = store(server)
    url = urlsplit(writer.url)
    path = f"{url.path}/v1/xorbs/default/{XORB.hash}"
    head = f"POST {path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 60000000\r\n"
    head += f"Authorization: {writer.headers['Authorization']}\r\n\r\n"
    with socket.create_connection((url.hostname, url.port)) as line:
        line.sendall(head.encode() + os.urandom(3 << 20))
        deadline = time.time() + 10
        while not list((server.hub.root / "uploads").iterdir()) and time.time() < deadline:
            time.sleep(0.01)
        assert len(list((server.hub.root / "uploads").iterdir())) == 1
    assert partial_files(server) == []
    assert list(server.hub.large_files.verify()) == []
    writer.upload()


def test_a_full_disk_is_said_and_leaves_nothing(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = store(server)

    def fail(file: Any, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("phub_jupyter.hub.objects.stores.spool.PartialFile.write", fail)
        answer = writer.call("POST", f"/v1/xorbs/default/{XORB.hash}", data=XORB.body)
        assert answer.status_code == 507
        assert "full" in answer.json()["error"]
    assert partial_files(server) == []
    writer.upload()
