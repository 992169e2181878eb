"""``git clone`` and ``git fetch`` with the real program."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from .git_client import git
from .repo_client import RepoClient, add


@pytest.fixture
def model(hub_server: Any) -> RepoClient:
    """A public model of ada with some history."""
    model = RepoClient(hub_server)
    model.commit(add("README.md", "# M\n"), add("sub/a.txt", "a" * 100_000))
    model.commit(add("README.md", "# Changed\n"))
    model.request("POST", f"{model.api}/tag/main", json={"tag": "v1", "message": "one"})
    return model


@pytest.mark.parametrize("version", ["0", "1", "2"])
@pytest.mark.parametrize("suffix", ["", ".git"])
def test_clone_and_fetch(model: RepoClient, tmp_path: Path, version: str, suffix: str) -> None:
    protocol = (f"protocol.version={version}",)
    address = f"{model.server.endpoint}{model.web}{suffix}"
    done = git("clone", address, "copy", cwd=tmp_path, settings=protocol)
    assert done.returncode == 0, done.stderr
    copy = tmp_path / "copy"
    assert (copy / "README.md").read_text() == "# Changed\n"
    assert (copy / "sub/a.txt").stat().st_size == 100_000
    assert git("rev-parse", "HEAD", "v1^{}", cwd=copy).stdout.split() == [model.head] * 2
    assert git("symbolic-ref", "HEAD", cwd=copy).stdout == "refs/heads/main\n"
    model.commit(add("new.txt", "new"))
    done = git("pull", "--ff-only", cwd=copy, settings=protocol)
    assert done.returncode == 0, done.stderr
    assert (copy / "new.txt").read_text() == "new"
    assert git("fsck", "--strict", cwd=copy).returncode == 0


def test_shallow_and_partial_clones(model: RepoClient, tmp_path: Path) -> None:
    address = f"{model.server.endpoint}{model.web}"
    for number, option in enumerate(("--depth=1", "--filter=blob:none")):
        done = git("clone", option, address, str(number), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / str(number) / "README.md").read_text() == "# Changed\n"


@pytest.mark.parametrize("kind", ["dataset", "space"])
def test_datasets_and_spaces_have_their_prefix(hub_server: Any, tmp_path: Path, kind: str) -> None:
    other = RepoClient(hub_server, "o", kind)
    done = git("clone", f"{hub_server.endpoint}/{kind}s/ada/o", "copy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert git("rev-parse", "HEAD", cwd=tmp_path / "copy").stdout.strip() == other.head


def test_below_a_path(prefixed_hub_server: Any, tmp_path: Path) -> None:
    model = RepoClient(prefixed_hub_server)
    done = git("clone", f"{prefixed_hub_server.endpoint}{model.web}", "copy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert git("rev-parse", "HEAD", cwd=tmp_path / "copy").stdout.strip() == model.head


def test_a_private_repository_asks_for_a_password(hub_server: Any, tmp_path: Path) -> None:
    hidden = RepoClient(hub_server, "hidden", private=True)
    refs = f"{hidden.web}/info/refs?service=git-upload-pack"
    for user, status in (("bob", 404), (None, 401)):
        answer = hidden.request("GET", refs, user=user)
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, "RepoNotFound")
        asks = answer.headers.get("WWW-Authenticate", "").startswith('Basic realm="')
        assert asks == (user is None)
    wrong = hidden.request("GET", refs, user=None, headers={"Authorization": "Bearer hf_wrong"})
    assert (wrong.status_code, "WWW-Authenticate" in wrong.headers) == (401, True)

    host = hub_server.endpoint.removeprefix("http://")
    for user, works in (("ada", True), ("bob", False)):
        token = hub_server.token(user, "read")
        done = git("clone", f"http://hf_user:{token}@{host}{hidden.web}", user, cwd=tmp_path)
        assert (done.returncode == 0) == works, done.stderr
    assert git("clone", f"{hub_server.endpoint}{hidden.web}", "x", cwd=tmp_path).returncode != 0


def test_questions_may_come_compressed(model: RepoClient) -> None:
    question = b"0014command=ls-refs\n00010009peel\n0000"
    for headers, body in (
        ({}, question),
        ({"Content-Encoding": "gzip"}, gzip.compress(question, mtime=0)),
    ):
        answer = model.request(
            "POST",
            f"{model.web}/git-upload-pack",
            headers={"Git-Protocol": "version=2", **headers},
            data=body,
        )
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/x-git-upload-pack-result"
        assert f"{model.head} refs/heads/main" in answer.text


@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        ({"Content-Encoding": "gzip"}, b"not gzip", "gzip"),
        ({"Content-Encoding": "gzip"}, gzip.compress(bytes(65 << 20), mtime=0), "more than"),
        ({"Content-Encoding": "gzip"}, gzip.compress(bytes(1000), mtime=0)[:-10], "ends too early"),
        ({}, b"", "does not understand"),
        ({}, b"zzzz is no length", "does not understand"),
    ],
)
def test_bad_questions_are_refused(
    model: RepoClient, headers: dict[str, str], body: bytes, words: str
) -> None:
    answer = model.request("POST", f"{model.web}/git-upload-pack", headers=headers, data=body)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "InvalidRequest")
    assert words in answer.json()["error"]


def test_the_old_protocol_is_refused(model: RepoClient) -> None:
    answer = model.request("GET", f"{model.web}/info/refs")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "InvalidRequest")


@pytest.mark.parametrize("version", ["0", "2"])
def test_a_repository_that_git_cannot_read_is_no_empty_answer(
    model: RepoClient, version: str
) -> None:
    (model.hub.repositories.path(model.repo) / "HEAD").unlink()
    headers = {"Git-Protocol": f"version={version}"}
    address = f"{model.web}/info/refs?service=git-upload-pack"
    answer = model.request("GET", address, headers=headers)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (500, "StorageFailed")
    assert "phub check" in answer.json()["error"]
