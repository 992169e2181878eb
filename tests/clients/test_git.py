"""git and git-lfs: clones with large files in them, whoever uploaded them and however."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .programs import Machine

UPLOAD = """
import sys
from huggingface_hub import HfApi

api = HfApi()
api.create_repo("ada/m", private=True)
api.upload_folder(repo_id="ada/m", folder_path=sys.argv[1])
print(api.repo_info("ada/m").sha)
"""

LARGE = bytes(range(256)) * 20_000
FILTER = (
    "filter.lfs.process=git-lfs filter-process",
    "filter.lfs.smudge=git-lfs smudge -- %f",
    "filter.lfs.clean=git-lfs clean -- %f",
    "filter.lfs.required=true",
)


def git(
    machine: Machine, *arguments: str, settings: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run git on that machine, as if nobody had ever set it up."""
    options = [part for setting in settings for part in ("-c", setting)]
    environment = machine.environment() | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    machine.folder.mkdir(exist_ok=True)
    return subprocess.run(
        ["git", *options, *arguments],
        cwd=machine.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(params=["hub_server", "prefixed_hub_server"])
def server(request: pytest.FixtureRequest) -> Any:
    """A hub at the root of a host, and one below a path."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=[True, False], ids=["from-xet", "from-lfs"])
def head(request: pytest.FixtureRequest, server: Any, tmp_path: Path) -> str:
    """A private model with a large file, uploaded by Xet or plain LFS; the commit of ``main``."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "README.md").write_text("# M\n")
    (source / "large.bin").write_bytes(LARGE)
    machine = Machine(server, tmp_path / "ada", xet=request.param)
    return machine.run(UPLOAD, str(source))


def address(server: Any, user: str) -> str:
    """The model's address with that person's token in it."""
    return f"{server.endpoint}/ada/m".replace("://", f"://{user}:{server.token(user)}@")


@pytest.mark.slow
def test_clones_with_and_without_git_lfs(server: Any, head: str, tmp_path: Path) -> None:
    machine = Machine(server, tmp_path / "clones")
    done = git(machine, "clone", address(server, "ada"), "full", settings=FILTER)
    assert done.returncode == 0, done.stderr
    assert git(machine, "-C", "full", "rev-parse", "HEAD").stdout.strip() == head
    assert (machine.folder / "full/large.bin").read_bytes() == LARGE
    assert (machine.folder / "full/README.md").read_text() == "# M\n"

    done = git(machine, "clone", address(server, "ada"), "thin")
    assert done.returncode == 0, done.stderr
    pointer = (machine.folder / "thin/large.bin").read_text()
    assert pointer.startswith("version https://git-lfs.github.com/spec/v1\noid sha256:")
    assert pointer.endswith(f"size {len(LARGE)}\n")
    done = git(machine, "-C", "thin", "lfs", "pull", settings=FILTER)
    assert done.returncode == 0, done.stderr
    assert (machine.folder / "thin/large.bin").read_bytes() == LARGE
    assert "OK" in git(machine, "-C", "thin", "lfs", "fsck").stdout


@pytest.mark.slow
def test_strangers_get_nothing(server: Any, head: str, tmp_path: Path) -> None:
    machine = Machine(server, tmp_path / "clones", user=None)
    for url in (address(server, "bob"), f"{server.endpoint}/ada/m"):
        done = git(machine, "clone", url, "copy")
        assert done.returncode != 0
        assert not os.path.lexists(machine.folder / "copy")
