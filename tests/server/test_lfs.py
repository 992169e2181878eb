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

pytestmark = pytest.mark.both_stores

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
        ("upload", "ada/open", "bob", 200),  # for a pull request
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


def test_a_token_that_may_only_read_brings_nothing(server: Any) -> None:
    for user in ("ada", "bob"):
        answer = batch(server, repo="ada/open", headers=server.headers(user, "read"))
        assert answer.status_code == 403


def test_a_transfer_is_only_chosen_from_those_offered(server: Any) -> None:
    server.hub.multipart.large_enough = 1_000_000
    for offered, chosen in (
        (["basic"], "basic"),
        ([], "basic"),
        ("xet", "basic"),
        (["basic", "multipart"], "multipart"),
        (["basic", "multipart", "xet"], "xet"),
        (["lfs-standalone-file", "basic", "ssh"], "basic"),
    ):
        assert batch(server, transfers=offered).json()["transfer"] == chosen
    small = [OBJECT | {"size": 999_999}]
    assert batch(server, objects=small).json()["transfer"] == "basic"
    server.hub.multipart.large_enough = 1 << 30
    upload(server, "ada/open")
    server.hub.multipart.large_enough = 1_000_000
    for offered in (["xet"], ["multipart"]):
        assert batch(server, repo="ada/open", transfers=offered).json()["objects"] == [OBJECT]
        assert batch(server, "download", transfers=offered).json()["transfer"] == "basic"


@pytest.fixture
def parts(server: Any) -> dict[str, Any]:
    """The actions for a file in three parts."""
    server.hub.multipart.large_enough = 1_000_000
    server.hub.multipart.part_size = 1_000_000
    return dict(batch(server).json()["objects"][0]["actions"])


def send(urls: list[str]) -> list[dict[str, Any]]:
    tags = []
    for number, url in enumerate(urls):
        body = DATA[number * 1_000_000 : (number + 1) * 1_000_000]
        answer = requests.put(url, data=body, timeout=10)
        assert answer.status_code == 200
        tags.append({"partNumber": number + 1, "etag": answer.headers["ETag"]})
    return tags


def part_urls(parts: dict[str, Any]) -> list[str]:
    header = dict(parts["upload"]["header"])
    assert header.pop("chunk_size") == "1000000"
    assert sorted(header, key=int) == sorted(header) == list(header)
    return list(header.values())


def test_a_file_comes_in_parts(server: Any, parts: dict[str, Any]) -> None:
    urls, done = part_urls(parts), parts["upload"]["href"]
    tags = send(urls)
    for bad in ([], tags[:2], [*tags, tags[0]], [*tags[:2], tags[2] | {"etag": '"x"'}], "x"):
        answer = requests.post(done, json={"oid": SHA256, "parts": bad}, timeout=10)
        assert (answer.status_code, answer.json()["error"][:6]) == (400, "parts:")
    swapped = [tags[0], tags[1] | {"etag": tags[0]["etag"]}, tags[2]]
    answer = requests.post(done, json={"oid": SHA256, "parts": swapped}, timeout=10)
    assert answer.status_code == 400
    body = {"oid": SHA256, "parts": tags}
    for _ in "ab":  # an answer may be lost
        assert requests.post(done, json=body, timeout=10).status_code == 200
    assert requests.post(parts["verify"]["href"], json=OBJECT, timeout=10).status_code == 200
    (item,) = batch(server, "download").json()["objects"]
    assert requests.get(item["actions"]["download"]["href"], timeout=10).content == DATA
    assert list((server.hub.root / "parts").iterdir()) == []


def test_parts_are_what_was_announced(server: Any, parts: dict[str, Any]) -> None:
    urls, done = part_urls(parts), parts["upload"]["href"]
    assert requests.put(urls[0], data=DATA[:10], timeout=10).status_code == 400
    assert requests.put(urls[2], data=DATA[:1_000_000], timeout=10).status_code == 400
    assert requests.put(urls[0].replace("/1?", "/2?"), data=DATA[:1_000_000]).status_code == 403
    assert (
        requests.put(done.replace("parts?", "parts/1?"), data=DATA[:1_000_000]).status_code == 403
    )
    assert requests.post(urls[0].replace("/1?", "?"), json={}, timeout=10).status_code == 403
    assert requests.put(parts["verify"]["href"], data=b"x", timeout=10).status_code == 405
    tags = send(urls[:1])
    other = requests.put(urls[1], data=b"?" * 1_000_000, timeout=10).headers["ETag"]
    last = requests.put(urls[2], data=DATA[2_000_000:], timeout=10).headers["ETag"]
    tags += [{"partNumber": 2, "etag": other}, {"partNumber": 3, "etag": last}]
    answer = requests.post(done, json={"oid": SHA256, "parts": tags}, timeout=10)
    assert (answer.status_code, "sha256" in answer.json()["error"]) == (400, True)
    assert "actions" in batch(server).json()["objects"][0]
    assert partial_files(server) == []


LOCKS = "ada/open.git/info/lfs/locks"


def ask(server: Any, method: str, path: str, user: str | None = "ada", **kwargs: Any) -> Any:
    headers = server.headers(user) if user else {}
    url = f"{server.endpoint}/{path}"
    return requests.request(method, url, headers=headers, timeout=10, **kwargs)


def test_locks_are_made_listed_and_removed(server: Any) -> None:
    server.hub.accounts.add_org("team", "root")
    for user in ("ada", "bob"):
        server.hub.accounts.add_member("team", user, "write")
    root = server.hub.accounts.actor_for_user("root")
    repo_id = RepoId.parse("team/m")
    server.hub.repositories.create(root, RepoType.MODEL, repo_id, private=True)
    locks = "team/m.git/info/lfs/locks"
    made = ask(server, "POST", locks, json={"path": "a.bin", "ref": {"name": "main"}})
    assert made.status_code == 201
    lock = made.json()["lock"]
    assert (lock["path"], lock["owner"]) == ("a.bin", {"name": "ada"})
    again = ask(server, "POST", locks, "bob", json={"path": "a.bin"})
    assert (again.status_code, again.json()["lock"]) == (409, lock)
    other = ask(server, "POST", locks, "bob", json={"path": "b.bin"}).json()["lock"]
    verify = ask(server, "POST", f"{locks}/verify", json={}).json()
    assert (verify["ours"], verify["theirs"], verify["next_cursor"]) == ([lock], [other], "")
    first = ask(server, "GET", f"{locks}?limit=1").json()
    assert first["locks"] == [lock]
    second = ask(server, "GET", f"{locks}?limit=1&cursor={first['next_cursor']}").json()
    assert second == {"locks": [other], "next_cursor": ""}
    assert ask(server, "GET", f"{locks}?path=b.bin").json()["locks"] == [other]
    assert ask(server, "GET", f"{locks}?id={lock['id']}").json()["locks"] == [lock]
    unlock = f"{locks}/{lock['id']}/unlock"
    assert ask(server, "POST", unlock, "bob", json={}).status_code == 403
    assert ask(server, "POST", unlock, "bob", json={"force": True}).status_code == 403
    assert ask(server, "POST", unlock, "root", json={"force": True}).json()["lock"] == lock
    assert ask(server, "POST", unlock, "root", json={"force": True}).status_code == 404
    unlock = f"{locks}/{other['id']}/unlock"
    assert ask(server, "POST", unlock, "bob", json={}).status_code == 200
    assert ask(server, "GET", locks).json()["locks"] == []


@pytest.mark.parametrize(
    ("method", "path", "user", "body", "status"),
    [
        ("POST", LOCKS, "bob", {"path": "a"}, 403),
        ("POST", LOCKS, None, {"path": "a"}, 401),
        ("POST", LOCKS, "ada", {}, 400),
        ("POST", LOCKS, "ada", {"path": "../a"}, 422),
        ("POST", LOCKS, "ada", {"path": "\ud800"}, 422),
        ("GET", f"{LOCKS}?limit=x", "ada", {}, 400),
        ("GET", f"{LOCKS}?cursor=-1", "ada", {}, 400),
        ("GET", f"{LOCKS}?id=%00&path=%00", "ada", {}, 200),
        ("POST", f"{LOCKS}/verify", "ada", {"limit": [], "cursor": {}}, 400),
        ("POST", f"{LOCKS}/verify", "bob", {}, 403),
        ("POST", f"{LOCKS}/1/unlock", "ada", {}, 404),
        ("POST", f"{LOCKS}/1/unlock", "bob", {}, 403),
        ("GET", LOCKS.replace("open", "secret"), "bob", {}, 404),
    ],
)
def test_bad_lock_calls(
    server: Any, method: str, path: str, user: str | None, body: Any, status: int
) -> None:
    answer = ask(server, method, path, user, json=body)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["message"]
