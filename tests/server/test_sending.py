"""Large files on their way out: whole, in parts, to slow clients and to those that go away."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from huggingface_hub import HfApi

from ..conftest import HubServer
from .repo_client import RepoClient, line

SIZE = 40 << 20
# Xet keeps the first half as it is, and compresses the second.
CONTENT = os.urandom(SIZE // 2) + b"".join(b"%08d" % (at // 7) for at in range(SIZE // 16))


@pytest.fixture(scope="module", params=["whole", "xorbs"])
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RepoClient]:
    """A model with one file of the store, which is kept whole or as xorbs."""
    server = HubServer(tmp_path_factory.mktemp("sending") / "hub")
    server.add_user("ada")
    model = RepoClient(server)
    {"whole": keep_whole, "xorbs": keep_xorbs}[request.param](model)
    yield model
    server.close()


def keep_whole(model: RepoClient) -> None:
    upload = model.hub.large_files.new_upload()
    upload.write(CONTENT)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    model.hub.large_files.finish(upload, model.repo.pk, sha256, SIZE)
    model.commit(line("lfsFile", path="big.bin", algo="sha256", oid=sha256, size=SIZE))


def keep_xorbs(model: RepoClient) -> None:
    api = HfApi(endpoint=model.server.endpoint, token=model.server.token())
    api.upload_file(path_or_fileobj=CONTENT, path_in_repo="big.bin", repo_id=model.id)
    assert list((model.hub.root / "objects/xorbs").glob("*/*/*"))


def connect(model: RepoClient) -> socket.socket:
    address = urlsplit(model.server.endpoint)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=30)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def question(model: RepoClient, path: str = "big.bin") -> bytes:
    return f"GET {model.web}/resolve/main/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def test_one_connection_gets_whole_files_parts_and_heads_in_turn(model: RepoClient) -> None:
    address = urlsplit(model.server.endpoint)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
    path = f"{model.web}/resolve/main/big.bin"
    for start, stop in ((0, SIZE), (1, SIZE), (5 << 20, 9 << 20), (7, 8), (SIZE - 2, SIZE)):
        connection.request("GET", path, headers={"Range": f"bytes={start}-{stop - 1}"})
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Length")) == (206, str(stop - start))
        assert answer.read() == CONTENT[start:stop]
        connection.request("HEAD", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    connection.close()


def test_a_slow_client_holds_up_nobody(model: RepoClient) -> None:
    slow = [connect(model) for _ in range(12)]  # more than there are threads to send
    for client in slow:
        client.sendall(question(model))
    time.sleep(0.5)
    started = time.monotonic()
    got = requests.get(f"{model.server.endpoint}{model.web}/resolve/main/big.bin", timeout=30)
    assert got.content == CONTENT
    assert time.monotonic() - started < 10
    for client in slow[:-1]:
        client.close()
    last = slow[-1]
    received = b""
    while len(received) < SIZE:
        piece = last.recv(1 << 20)
        assert piece
        received += piece
        if len(received) < 8 << 20:
            time.sleep(0.01)
    body = received.partition(b"\r\n\r\n")[2]
    while len(body) < SIZE:
        body += last.recv(1 << 20)
    assert body == CONTENT
    last.sendall(question(model, ".gitattributes"))  # the connection is as good as before
    assert last.recv(15) == b"HTTP/1.1 200 OK"
    last.close()


def test_clients_that_go_away_leave_nothing_behind(model: RepoClient) -> None:
    before = descriptors()
    for size in (0, 1, 100_000, 3 << 20):
        client = connect(model)
        client.sendall(question(model))
        while size > 0:
            size -= len(client.recv(min(size, 1 << 16)))
        client.close()
    deadline = time.monotonic() + 20
    while descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert descriptors() <= before
    assert requests.get(f"{model.server.endpoint}{model.web}/resolve/main/big.bin").ok


def test_many_clients_at_once_get_the_same_bytes(model: RepoClient) -> None:
    wrong = []

    def fetch() -> None:
        url = f"{model.server.endpoint}{model.web}/resolve/main/big.bin"
        if requests.get(url, timeout=60).content != CONTENT:
            wrong.append(url)

    threads = [threading.Thread(target=fetch) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_file_that_is_too_short_is_never_taken_for_whole(model: RepoClient) -> None:
    path = max((model.hub.root / "objects").glob("*/*/*/*"))
    whole = path.read_bytes()
    os.truncate(path, len(whole) // 3)
    url = f"{model.server.endpoint}{model.web}/resolve/main/big.bin"
    try:
        got = requests.get(url, timeout=30)
        assert got.status_code == 500
    except requests.exceptions.ChunkedEncodingError:
        pass  # it was under way when the hub found out, so it hung up
    finally:
        path.write_bytes(whole)
    assert requests.get(url, timeout=30).content == CONTENT
