"""kill -9 in the middle of an upload: what was acknowledged is there, the rest can be repeated."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.hub.hub import Hub
from phub_jupyter.identifiers import RepoId, RepoType

UPLOAD = """
import sys
from huggingface_hub import HfApi
HfApi().upload_file(path_or_fileobj=sys.argv[1], path_in_repo=sys.argv[2], repo_id="ada/m")
"""
DOWNLOAD = """
import hashlib, sys
from huggingface_hub import hf_hub_download
print(hashlib.sha256(open(hf_hub_download("ada/m", sys.argv[1]), "rb").read()).hexdigest())
"""


@contextmanager
def served(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``phub serve`` as a program of its own; yields it and its address."""
    program = "import sys; from phub_server.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server, server.stdout.readline().split()[-1]
        finally:
            server.kill()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a hub with one person and one repository."""
    hub = Hub.open(tmp_path / "hub")
    hub.accounts.add_user("ada")
    ada = hub.accounts.actor_for_user("ada")
    hub.repositories.create(ada, RepoType.MODEL, RepoId.parse("ada/m"), private=True)
    (tmp_path / "token").write_text(hub.accounts.add_token("ada", name="test", role="write"))
    hub.close()
    return tmp_path / "hub"


def client(endpoint: str, home: Path, xet: bool, program: str, *arguments: str) -> Any:
    """Start a program that uses the client, with caches of its own."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": endpoint,
        "HF_TOKEN": (home.parent / "token").read_text(),
        "HF_HOME": str(home),
        "HF_XET_CACHE": str(home / "xet"),
        "HF_HUB_DISABLE_XET": "0" if xet else "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: Any) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return str(output).strip()


def kill_within_an_upload(server: subprocess.Popen[str], uploads: Path) -> None:
    """Freeze the server again and again until a body has half arrived, then kill it."""
    deadline = time.time() + 60
    while time.time() < deadline:
        server.send_signal(signal.SIGSTOP)
        if any(path.stat().st_size > 2_000_000 for path in uploads.glob("*.partial")):
            server.kill()
            return
        server.send_signal(signal.SIGCONT)
        time.sleep(0.01)
    raise AssertionError("no upload was under way")


@pytest.mark.slow
@pytest.mark.parametrize("xet", [True, False])
def test_kill_in_the_middle_of_an_upload(data: Path, tmp_path: Path, xet: bool) -> None:
    small, large = tmp_path / "small.bin", tmp_path / "large.bin"
    small.write_bytes(os.urandom(3_000_000))
    large.write_bytes(os.urandom(100_000_000))
    with served(data) as (server, endpoint):
        finished(client(endpoint, tmp_path / "a", xet, UPLOAD, str(small), "small.bin"))
        dying = client(endpoint, tmp_path / "b", xet, UPLOAD, str(large), "large.bin")
        kill_within_an_upload(server, data / "uploads")
        dying.kill()
        dying.communicate()
    assert list((data / "uploads").glob("*.partial"))
    with served(data) as (_, endpoint):
        assert not list((data / "uploads").iterdir())
        found = finished(client(endpoint, tmp_path / "c", xet, DOWNLOAD, "small.bin"))
        assert found == hashlib.sha256(small.read_bytes()).hexdigest()
        finished(client(endpoint, tmp_path / "d", xet, UPLOAD, str(large), "large.bin"))
        found = finished(client(endpoint, tmp_path / "e", xet, DOWNLOAD, "large.bin"))
        assert found == hashlib.sha256(large.read_bytes()).hexdigest()
    hub = Hub.open(data)
    assert list(hub.large_files.verify()) == []
    hub.close()
