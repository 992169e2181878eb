"""A disk on which nothing can be written any more, and then again.

Full: the system refuses to let any file of the hub's process grow. Read-only: the hub sees its
data folder through a mount of its own, which becomes read-only. Neither needs a disk.
"""

from __future__ import annotations

import hashlib
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from .hub_program import HubProgram
from .repo_client import add, line

LARGE = b"\0large\xff" * 100_000
SHA256 = hashlib.sha256(LARGE).hexdigest()


@contextmanager
def full_disk(hub: HubProgram) -> Iterator[None]:
    before = resource.prlimit(hub.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(hub.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(hub.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only_disk(hub: HubProgram) -> Iterator[None]:
    hub.make_read_only(True)
    try:
        yield
    finally:
        hub.make_read_only(False)


@pytest.fixture(scope="module", params=["full", "read-only"])
def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HubProgram]:
    """A hub with one model, whose disk can become full or read-only."""
    data = tmp_path_factory.mktemp("disk") / "hub"
    hub = HubProgram(data, own_mount=request.param == "read-only")
    assert hub.call("POST", "/api/repos/create", json={"name": "m"}).status_code == 200
    yield hub
    hub.close()


@pytest.fixture
def unusable(hub: HubProgram, request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Makes the disk of the hub unusable for a while."""
    kind = request.node.callspec.params["hub"]
    return partial({"full": full_disk, "read-only": read_only_disk}[kind], hub)


def head(hub: HubProgram) -> str:
    found: str = hub.call("GET", "/api/models/ada/m").json()["sha"]
    return found


def commit(*lines: str) -> Callable[[HubProgram], requests.Response]:
    data = "\n".join([line("header", summary="s"), *lines])
    return lambda hub: hub.call("POST", "/api/models/ada/m/commit/main", data=data)


def put_large(hub: HubProgram) -> requests.Response:
    body = {"operation": "upload", "objects": [{"oid": SHA256, "size": len(LARGE)}]}
    batch = hub.call("POST", "/ada/m.git/info/lfs/objects/batch", json=body).json()
    return requests.put(batch["objects"][0]["actions"]["upload"]["href"], data=LARGE, timeout=60)


def put_xorb(hub: HubProgram) -> requests.Response:
    access = hub.call("GET", "/api/models/ada/m/xet-write-token/main").json()
    return requests.post(
        f"{access['casUrl']}/v1/xorbs/default/{'0' * 64}",
        data=LARGE,
        headers={"Authorization": f"Bearer {access['accessToken']}"},
        timeout=60,
    )


def create(hub: HubProgram) -> requests.Response:
    return hub.call("POST", "/api/repos/create", json={"name": "another"})


@pytest.mark.parametrize(
    ("change", "afterwards"),
    [
        pytest.param(commit(add("a.txt", "a")), 200, id="small commit"),
        pytest.param(
            commit(*(add(f"{n}.txt", f"{n}") for n in range(50))), 200, id="commit of a pack"
        ),
        pytest.param(commit(add("long.txt", "x" * (3 << 20))), 200, id="commit of a long file"),
        pytest.param(put_large, 200, id="LFS"),
        pytest.param(put_xorb, 400, id="xorb"),  # it is none, which only a hub that kept it says
        pytest.param(create, 200, id="new repository"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_done_later(
    hub: HubProgram,
    unusable: Callable[[], Any],
    change: Callable[[HubProgram], requests.Response],
    afterwards: int,
) -> None:
    before = head(hub)
    with unusable():
        answer = change(hub)
        assert answer.status_code == 507, answer.text
        assert "disk is full or read-only; nothing was changed" in answer.json()["error"]
        assert answer.headers["X-Error-Code"] == "InsufficientStorage"
        assert head(hub) == before  # what is there can still be read
        assert hub.call("GET", "/ada/m/resolve/main/.gitattributes").status_code == 200
        assert hub.call("GET", "/api/models?search=m").json()[0]["id"] == "ada/m"
    left = [path.name for path in (hub.data / "uploads").iterdir()]
    assert not left
    assert not list((hub.data / "repos").glob("*/*.git/objects/pack/tmp_*"))
    assert head(hub) == before
    answer = change(hub)
    assert answer.status_code == afterwards, answer.text


def test_a_push_is_refused_with_a_sentence_and_done_later(
    hub: HubProgram, unusable: Callable[[], Any], tmp_path: Path
) -> None:
    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *words], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )

    origin = hub.endpoint.replace("://", f"://ada:{hub.token}@") + "/ada/m"
    assert git("clone", "-q", origin, ".").returncode == 0
    for key in ("user.name", "user.email"):
        git("config", key, "ada@example.invalid")
    (tmp_path / "pushed.txt").write_text(f"{tmp_path}\n" * 50_000)
    git("add", ".")
    git("commit", "-qm", "push")
    before = head(hub)
    with unusable():
        pushed = git("push", "origin", "HEAD")
        assert pushed.returncode != 0
        assert head(hub) == before
    assert "507" in pushed.stderr or "disk" in pushed.stderr, pushed.stderr
    pushed = git("push", "origin", "HEAD")
    assert pushed.returncode == 0, pushed.stderr
    assert head(hub) != before


def test_a_token_that_was_not_used_lately_still_reads(
    hub: HubProgram, unusable: Callable[[], Any]
) -> None:
    """Its use cannot be written down now, which is no reason to refuse."""
    token = hub.command("token", "add", "ada", "--role", "read").split()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    with unusable():
        for path in ("/api/models/ada/m", "/ada/m/resolve/main/.gitattributes", "/api/whoami-v2"):
            answer = requests.get(f"{hub.endpoint}{path}", headers=headers, timeout=60)
            assert answer.status_code == 200, answer.text


def test_a_read_only_disk_can_be_cloned_from(hub: HubProgram, tmp_path: Path) -> None:
    origin = hub.endpoint.replace("://", f"://ada:{hub.token}@") + "/ada/m"
    # A file that may not grow is no full disk for what is in memory only, so that is not tried.
    with read_only_disk(hub) if hub.own_mount else nullcontext():
        cloned = subprocess.run(
            ["git", "clone", "-q", origin, str(tmp_path / "copy")], capture_output=True, text=True
        )
        assert cloned.returncode == 0, cloned.stderr
    assert (tmp_path / "copy/.gitattributes").exists()


def test_a_hub_on_a_read_only_disk_does_not_start_and_says_why(tmp_path: Path) -> None:
    hub = HubProgram(tmp_path / "hub", own_mount=True)
    hub.close()
    begun = hub.start_read_only()
    assert begun.returncode == 1
    assert "the hub cannot write to" in begun.stderr
    assert "Traceback" not in begun.stderr


def test_nothing_is_damaged(hub: HubProgram) -> None:
    hub.command("check")
