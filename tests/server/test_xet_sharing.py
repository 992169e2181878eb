"""What the Xet store tells of what it has: enough to send little, nothing of others' secrets."""

from __future__ import annotations

import hashlib
import json
import random
import re
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from blake3 import blake3

from phub_jupyter.hub.objects.xet.hashing import chunk_hash, from_text, to_text, tree_hash
from phub_jupyter.identifiers import RepoId, RepoType

from ..hub.xet_bodies import ClientFile, ClientSegment, ClientXorb, shard

pytestmark = pytest.mark.both_stores

_RANDOM = random.Random(17)


def _xorb(chunks: int) -> ClientXorb:
    return ClientXorb(tuple(_RANDOM.randbytes(_RANDOM.randint(9000, 20000)) for _ in range(chunks)))


SECRET, PUBLIC, SHARED = _xorb(9), _xorb(7), _xorb(8)


def _file(*segments: ClientSegment) -> ClientFile:
    content = ClientFile(segments).content
    return ClientFile(segments, claimed_sha256=hashlib.sha256(content).hexdigest())


SECRET_FILE = _file(ClientSegment(SECRET, 0, 9))
PUBLIC_FILE = _file(ClientSegment(PUBLIC, 0, 7))
# One xorb of a private upload, part of which is public too.
HIDDEN_PART = _file(ClientSegment(SHARED, 0, 4))
SHOWN_PART = _file(ClientSegment(SHARED, 4, 8))


@dataclass
class Person:
    """A caller with a Xet token of one repository."""

    server: Any
    user: str
    repo: str
    scope: str = "write"
    revision: str = "main"
    query: str = ""
    role: str = "write"

    def __post_init__(self) -> None:
        route = f"/api/models/{self.repo}/xet-{self.scope}-token/{self.revision}{self.query}"
        headers = self.server.headers(self.user, self.role)
        answer = requests.get(self.server.endpoint + route, headers=headers, timeout=10)
        answer.raise_for_status()
        self.url = answer.json()["casUrl"]
        self.headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        headers = self.headers | kwargs.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=30, **kwargs)

    def send(self, xorb: ClientXorb) -> bool:
        answer = self.call("POST", f"/v1/xorbs/default/{xorb.hash}", data=xorb.body)
        return bool(answer.json()["was_inserted"])

    def register(self, *files: ClientFile) -> requests.Response:
        return self.call("POST", "/v1/shards", data=shard(files))

    def grant(self, xorb: ClientXorb) -> int:
        body = {"length": 1, "checksum": {"algo": "crc64nvme", "value": "1"}}
        path = f"/v1/xorb-grants/default/{xorb.hash}"
        return self.call("POST", path, json=body).status_code

    def size(self, xorb: ClientXorb) -> tuple[int, str | None]:
        answer = self.call("HEAD", f"/v1/xorbs/default/{xorb.hash}")
        return answer.status_code, answer.headers["Content-Length"]

    def ask(self, chunk: bytes, prefix: str = "default") -> bytes | None:
        answer = self.call("GET", f"/v1/chunks/{prefix}/{to_text(chunk_hash(chunk))}")
        assert answer.status_code in (200, 404), answer.text
        return answer.content if answer.ok else None


@pytest.fixture(scope="module")
def server(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Ada keeps a secret, and shows part of it; Bob may see what is public."""
    from ..conftest import HubServer

    served = HubServer(tmp_path_factory.mktemp("sharing") / "hub")
    for user in ("ada", "bob"):
        served.add_user(user)
        actor = served.hub.accounts.actor_for_user(user)
        for name, private in (("secret", True), ("open", False)):
            repo_id = RepoId.parse(f"{user}/{name}")
            served.hub.repositories.create(actor, RepoType.MODEL, repo_id, private=private)
    secret, public = Person(served, "ada", "ada/secret"), Person(served, "ada", "ada/open")
    for xorb in (SECRET, SHARED):
        assert secret.send(xorb)
    assert public.send(PUBLIC)
    assert secret.register(SECRET_FILE, HIDDEN_PART, SHOWN_PART).json() == {"result": 1}
    assert public.register(PUBLIC_FILE, SHOWN_PART).json() == {"result": 1}
    yield served
    served.close()


@pytest.fixture
def ada(server: Any) -> Person:
    return Person(server, "ada", "ada/open")


@pytest.fixture
def bob(server: Any) -> Person:
    return Person(server, "bob", "bob/secret")


def known(answer: bytes | None, xorb: ClientXorb) -> list[int]:
    """The places of the chunks that a client recognizes in an answer."""
    if answer is None:
        return []
    footer = struct.unpack("<9Q32s2Q6Q3QQ", answer[-200:])
    assert footer[0] == 1
    key, made, ends = footer[9], footer[10], footer[11]
    assert key != bytes(32)
    assert ends - made == 21 * 86400
    keyed = {
        blake3(chunk_hash(chunk), key=key).digest(): at for at, chunk in enumerate(xorb.chunks)
    }
    assert all(chunk_hash(chunk) not in answer for chunk in xorb.chunks)
    at, places = footer[2], []
    while answer[at : at + 32] != b"\xff" * 32:
        name, _, count = struct.unpack_from("<32sII", answer, at)
        for place in range(count):
            digest, _, length = struct.unpack_from("<32sII", answer, at + 48 * (place + 1))
            if name == from_text(xorb.hash) and digest in keyed:
                assert keyed[digest] == place
                assert length == len(xorb.chunks[place])
                places.append(place)
        at += 48 * (count + 1)
    assert at == footer[3] - 48 == len(answer) - 248
    return places


def test_readers_of_a_file_learn_its_chunks_by_the_first(server: Any, bob: Person) -> None:
    everything = list(range(len(PUBLIC.chunks)))
    assert known(bob.ask(PUBLIC.chunks[0]), PUBLIC) == everything
    assert known(bob.ask(PUBLIC.chunks[0], "default-merkledb"), PUBLIC) == everything
    reader = Person(server, "bob", "ada/open", "read", role="read")
    assert known(reader.ask(PUBLIC.chunks[0]), PUBLIC) == everything
    assert bob.ask(PUBLIC.chunks[1]) is None
    assert bob.ask(b"never seen") is None


def test_each_answer_has_a_key_of_its_own(bob: Person) -> None:
    assert bob.ask(PUBLIC.chunks[0]) != bob.ask(PUBLIC.chunks[0])


def test_strangers_learn_nothing_of_what_is_private(ada: Person, bob: Person) -> None:
    assert known(ada.ask(SECRET.chunks[0]), SECRET) == list(range(len(SECRET.chunks)))
    assert bob.ask(SECRET.chunks[0]) is None
    assert bob.grant(SECRET) == 404
    assert bob.size(SECRET)[0] == 404


def test_of_a_shared_xorb_only_the_shared_part_is_told(ada: Person, bob: Person) -> None:
    assert bob.ask(SHARED.chunks[0]) is None
    assert known(bob.ask(SHARED.chunks[4]), SHARED) == [4, 5, 6, 7]
    assert known(ada.ask(SHARED.chunks[0]), SHARED) == [0, 1, 2, 3]


def test_a_hash_or_a_guess_makes_no_file(server: Any, bob: Person) -> None:
    """Whoever knows names only cannot show that they have the chunks."""
    for proof in (bytes(32), from_text(SECRET.hash), from_text(SECRET_FILE.hash)):
        forged = _file(ClientSegment(SECRET, 0, 9, proof=proof))
        assert bob.register(forged).status_code == 400
    answer = bob.call("GET", f"/v2/reconstructions/{SECRET_FILE.hash}")
    assert answer.status_code == 404
    reader = Person(server, "bob", "ada/open", "read")
    assert reader.call("GET", f"/v2/reconstructions/{SECRET_FILE.hash}").status_code == 404
    assert reader.call("HEAD", f"/v1/files/{SECRET_FILE.hash}").status_code == 404
    size = reader.call("HEAD", f"/v1/files/{PUBLIC_FILE.hash}").headers["Content-Length"]
    assert int(size) == len(PUBLIC_FILE.content)


def test_content_is_kept_once_for_two_who_do_not_know_of_each_other(
    server: Any, bob: Person
) -> None:
    count = sum(1 for _ in server.hub.large_files._store.keys("xorbs"))
    assert bob.grant(SECRET) == 404
    assert bob.send(SECRET)  # as if it was new
    assert not bob.send(SECRET)
    assert bob.grant(SECRET) == 200
    assert bob.size(SECRET) == (200, str(len(SECRET.body)))
    assert bob.register(SECRET_FILE).json() == {"result": 1}
    assert sum(1 for _ in server.hub.large_files._store.keys("xorbs")) == count


def test_read_tokens_are_granted_nothing(server: Any) -> None:
    reader = Person(server, "ada", "ada/open", "read")
    assert reader.grant(PUBLIC) == 403
    assert reader.call("POST", "/v2/shards", data=b"").status_code == 403
    assert requests.post(
        f"{reader.url}/v1/xorb-grants/d/{PUBLIC.hash}", timeout=10
    ).status_code in (
        401,
        403,
    )


def test_many_ranges_of_one_address(ada: Person) -> None:
    file = _file(*(ClientSegment(PUBLIC, at, at + 1) for at in (0, 2, 4)))
    assert ada.register(file).ok
    answer = ada.call("GET", f"/v2/reconstructions/{file.hash}").json()
    (entry,) = answer["xorbs"][PUBLIC.hash]
    spans = [(part["bytes"]["start"], part["bytes"]["end"]) for part in entry["ranges"]]
    assert len(spans) == 3
    asked = "bytes=" + ",".join(f"{first}-{last}" for first, last in spans)
    found = requests.get(entry["url"], headers={"Range": asked}, timeout=10)
    assert found.status_code == 206
    match = re.fullmatch("multipart/byteranges; boundary=(.+)", found.headers["Content-Type"])
    assert match is not None
    start, *parts, end = found.content.split(b"--" + match[1].encode())
    assert (start, end) == (b"", b"--\r\n")
    for part, (first, last) in zip(parts, spans, strict=True):
        head, _, data = part.partition(b"\r\n\r\n")
        assert f"Content-Range: bytes {first}-{last}/*".encode() in head
        assert data == PUBLIC.body[first : last + 1] + b"\r\n"
    between = f"bytes=0-1,{spans[0][1] + 1}-{spans[0][1] + 2}"
    assert requests.get(entry["url"], headers={"Range": between}, timeout=10).status_code == 403
    single = {"Range": f"bytes={spans[1][0]}-{spans[1][1]}"}
    alone = requests.get(entry["url"], headers=single, timeout=10)
    assert alone.content == PUBLIC.body[spans[1][0] : spans[1][1] + 1]


@pytest.mark.parametrize("dialect", ["", "/v1", "old"])
def test_clients_of_2025_find_their_addresses(ada: Person, dialect: str) -> None:
    file = _file(ClientSegment(PUBLIC, 1, 6))
    one = "" if dialect == "old" else "s"
    prefix = "" if dialect == "old" else dialect
    xorb = f"{prefix}/xorb{one}/default/{PUBLIC.hash}"
    assert ada.call("POST", xorb, data=PUBLIC.body + PUBLIC.old_footer()).ok
    place = f"/default/{'0' * 64}" if dialect == "old" else ""
    body = shard([file], [PUBLIC]) + bytes(500)  # tables and a footer follow
    assert ada.call("POST", f"{prefix}/shard{one}{place}", data=body).json()["result"] in (0, 1)
    assert ada.call("GET", f"{prefix}/reconstruction{one}/{file.hash}").ok
    chunk = to_text(chunk_hash(PUBLIC.chunks[1]))
    assert ada.call("GET", f"{prefix}/chunk{one}/default/{chunk}").ok


def test_shards_tell_how_far_they_are(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def lines(body: bytes) -> list[Any]:
        answer = ada.call("POST", "/v2/shards", data=body)
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        return [json.loads(line) for line in answer.text.splitlines()]

    file = _file(ClientSegment(PUBLIC, 2, 6))
    assert lines(shard([file])) == [
        {"type": "validating", "verified": 1, "total": 1},
        {"type": "committing", "stage": "syncing"},
        {"type": "result", "result": 1},
    ]
    assert ada.call("POST", "/v2/shards", data=shard([file])[:-1]).status_code == 400
    monkeypatch.setattr("phub_server.handlers.xet_uploads._HEARTBEAT", 0.05)
    register = ada.server.hub.cas.put_shard

    def slow(*arguments: Any) -> bool:
        time.sleep(0.3)
        return bool(register(*arguments))

    monkeypatch.setattr(ada.server.hub.cas, "put_shard", slow)
    *before, last = lines(shard([_file(ClientSegment(PUBLIC, 3, 6))]))
    assert last == {"type": "result", "result": 1}
    assert before.count({"type": "validating", "verified": 0, "total": 0}) > 2
    *_, refused = lines(shard([_file(ClientSegment(PUBLIC, 0, 2, proof=bytes(32)))]))
    assert (refused["type"], refused["retryable"]) == ("error", False)
    assert "verification" in refused["message"]


@pytest.mark.parametrize(
    ("user", "repo", "place", "status"),
    [
        ("bob", "ada/open", "main?create_pr=1", 200),
        ("bob", "ada/open", "None?create_pr=true", 200),
        ("bob", "ada/open", "None", 200),
        ("bob", "ada/open", "main", 403),
        ("bob", "ada/open", "main?create_pr=0", 403),
        ("bob", "ada/secret", "None?create_pr=1", 404),
        ("bob", "ada/open", "refs%2Fpr%2F99", 404),
        ("ada", "ada/open", "None?create_pr=1", 200),
    ],
)
def test_who_may_propose_may_upload_for_it(
    server: Any, user: str, repo: str, place: str, status: int
) -> None:
    address = f"{server.endpoint}/api/models/{repo}/xet-write-token/{place}"
    answer = requests.get(address, headers=server.headers(user), timeout=10)
    assert answer.status_code == status
    reading = requests.get(address, headers=server.headers(user, "read"), timeout=10)
    assert reading.status_code == (404 if status == 404 and "secret" in repo else 403)


def test_an_upload_for_a_pull_request(server: Any) -> None:
    proposer = Person(server, "bob", "ada/open", revision="None", query="?create_pr=1")
    xorb = _xorb(3)
    file = _file(ClientSegment(xorb, 0, 3))
    assert proposer.send(xorb)
    assert proposer.register(file).json() == {"result": 1}
    assert proposer.call("GET", f"/v1/reconstructions/{file.hash}").ok


def test_the_largest_xorb_of_what_cannot_be_compressed(ada: Person) -> None:
    """64 MiB of content in as many chunks as there may be take more than 64 MiB."""
    block = _RANDOM.randbytes(8192 + 8191)
    chunks = [block[at : at + 8192] for at in range(8192)]
    body = b"".join(b"\0\0\x20\0\0\0\x20\0" + chunk for chunk in chunks)
    assert len(body) > 64 << 20
    name = to_text(tree_hash([(chunk_hash(chunk), len(chunk)) for chunk in chunks]))
    answer = ada.call("POST", f"/v1/xorbs/default/{name}", data=body)
    assert answer.json() == {"was_inserted": True}
    assert ada.call("HEAD", f"/v1/xorbs/default/{name}").headers["Content-Length"] == str(len(body))
    one_more = body + body[:8200]
    answer = ada.call("POST", f"/v1/xorbs/default/{name}", data=one_more)
    assert (answer.status_code, "8192 chunks" in answer.text) == (400, True)
