"""The real ``git-lfs``: large files pushed and pulled, locks, and the agent that sends parts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.hub.check import check
from phub_jupyter.identifiers import RepoId, RepoType

from .git_client import Checkout, git, remote
from .repo_client import RepoClient

NUMBERS = count()
LARGE = bytes(range(256)) * 8000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One hub for all tests here."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("git-lfs") / "hub")
    for user in ("ada", "bob"):
        server.add_user(user)
    yield server
    server.close()


@pytest.fixture
def model(served: Any) -> RepoClient:
    """A new model of ada."""
    return RepoClient(served, f"m{next(NUMBERS)}")


@pytest.fixture
def copy(model: RepoClient, tmp_path: Path) -> Checkout:
    """A clone of it with git-lfs set up."""
    copy = Checkout(remote(model.server, model.web), tmp_path / "copy", lfs=True)
    copy.run("lfs", "install", "--local")
    return copy


def test_large_files_are_pushed_and_pulled(
    model: RepoClient, copy: Checkout, tmp_path: Path
) -> None:
    head = copy.commit({"w.bin": LARGE, "README.md": "# M\n"})
    assert copy.run("cat-file", "-p", "HEAD:w.bin").startswith("version https://git-lfs")
    copy.push()
    assert model.head == head
    assert model.request("GET", f"{model.web}/resolve/main/w.bin").content == LARGE
    other = Checkout(remote(model.server, model.web), tmp_path / "other", lfs=True)
    assert (other.folder / "w.bin").read_bytes() == LARGE
    assert list(check(model.hub)) == []


def test_a_pointer_without_its_file_is_refused(model: RepoClient, copy: Checkout) -> None:
    copy.commit({"w.bin": LARGE})
    before = model.head
    done = git("push", "--no-verify", cwd=copy.folder, lfs=True)
    assert done.returncode != 0
    assert "remote: w.bin: the content of this large file was not uploaded" in done.stderr
    assert "git lfs push --all" in done.stderr
    assert model.head == before
    copy.run("lfs", "push", "--all", "origin", "main")
    copy.push()
    assert model.request("GET", f"{model.web}/resolve/main/w.bin").content == LARGE


def test_a_locked_file_is_not_pushed(served: Any, tmp_path: Path) -> None:
    name = f"t{next(NUMBERS)}"
    served.hub.accounts.add_org(name, "ada")
    served.hub.accounts.add_member(name, "bob", "write")
    ada = served.hub.accounts.actor_for_user("ada")
    served.hub.repositories.create(
        ada, RepoType.MODEL, RepoId.parse(f"{name}/m"), private=True, sdk=None
    )
    copies = {
        user: Checkout(remote(served, f"/{name}/m", user), tmp_path / user, lfs=True)
        for user in ("ada", "bob")
    }
    for copy in copies.values():
        copy.run("lfs", "install", "--local")
        copy.run("config", "lfs.locksverify", "true")
    copies["ada"].run("lfs", "lock", "w.bin")
    assert "ada" in copies["bob"].run("lfs", "locks")
    copies["bob"].commit({"w.bin": LARGE})
    assert "Cannot update locked files" in copies["bob"].refused()
    assert git("lfs", "unlock", "w.bin", cwd=copies["bob"].folder, lfs=True).returncode != 0
    copies["ada"].commit({"w.bin": b"other"})
    copies["ada"].push()
    copies["ada"].run("lfs", "unlock", "w.bin")
    assert copies["ada"].run("lfs", "locks") == ""
    copies["bob"].push("--force")
    copies["bob"].run("lfs", "lock", "w.bin")
    copies["ada"].run("lfs", "unlock", "--force", "w.bin")


def test_the_agent_sends_parts(
    model: RepoClient, copy: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    multipart = model.hub.multipart
    monkeypatch.setattr(multipart, "large_enough", 1_000_000)
    monkeypatch.setattr(multipart, "part_size", 150_000)  # more than nine: their order counts
    sent: list[int] = []
    complete = multipart.complete

    def note(*arguments: Any) -> Any:
        sent.append(len(arguments[4]))
        return complete(*arguments)

    monkeypatch.setattr(multipart, "complete", note)
    program = Path(sys.executable).with_name("hf")
    copy.run("config", "lfs.customtransfer.multipart.path", os.fspath(program))
    copy.run("config", "lfs.customtransfer.multipart.args", "lfs-multipart-upload")
    copy.commit({"w.bin": LARGE})
    copy.push()
    assert sent == [14]
    assert model.request("GET", f"{model.web}/resolve/main/w.bin").content == LARGE
