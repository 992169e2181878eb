"""The unmodified client moves large files both ways, by Xet and by plain LFS, in any mix."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.identifiers import RepoId, RepoType

# The client reads its switches when it is imported, so every scene is a process of its own.
UPLOAD = """
import io, sys
from huggingface_hub import HfApi
source, name, form = sys.argv[1:]
data = open(source, "rb").read()
what = {"path": source, "bytes": data, "file": io.BytesIO(data)}[form]
HfApi().upload_file(path_or_fileobj=what, path_in_repo=name, repo_id="ada/m")
"""
DOWNLOAD = """
import hashlib, sys
from huggingface_hub import hf_hub_download
path = hf_hub_download("ada/m", sys.argv[1])
print(hashlib.sha256(open(path, "rb").read()).hexdigest())
"""
SNAPSHOT = """
import hashlib, pathlib, sys
from huggingface_hub import snapshot_download
path = snapshot_download("ada/m")
print(hashlib.sha256((pathlib.Path(path) / sys.argv[1]).read_bytes()).hexdigest())
"""


class Client:
    """A fresh installation of the client, with empty caches."""

    def __init__(self, server: Any, folder: Path, xet: bool) -> None:
        self._environment = {
            **os.environ,
            "HF_ENDPOINT": server.endpoint,
            "HF_TOKEN": server.token("ada"),
            "HF_HOME": str(folder),
            "HF_XET_CACHE": str(folder / "xet"),
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }

    def run(self, program: str, *arguments: str) -> str:
        command = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def server(hub_server: Any) -> Any:
    ada = hub_server.hub.accounts.actor_for_user("ada")
    repo_id = RepoId.parse("ada/m")
    hub_server.hub.repositories.create(ada, RepoType.MODEL, repo_id, private=True)
    return hub_server


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "weights.bin"
    path.write_bytes(os.urandom(3_000_000) + b"\0" * 500_000 + os.urandom(1_500_000))
    return path


@pytest.mark.parametrize(
    ("xet", "form", "as_xorbs"),
    [
        (True, "path", True),
        (True, "bytes", True),
        (True, "file", False),
        (False, "path", False),
        (False, "file", False),
    ],
)
def test_a_file_comes_back_to_clients_with_and_without_xet(
    server: Any,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    xet: bool,
    form: str,
    as_xorbs: bool,
) -> None:
    fetched: list[str] = []
    read_xorb = server.hub.cas.read_xorb

    def noted(name: str, *part: Any, **source: Any) -> Any:
        fetched.append(name)
        return read_xorb(name, *part, **source)

    monkeypatch.setattr(server.hub.cas, "read_xorb", noted)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    Client(server, tmp_path / "a", xet).run(UPLOAD, str(source), "dir/a file.bin", form)
    repo = next(iter(server.hub.repositories.all()))
    file = server.hub.large_files.find(repo.pk, [sha256])[sha256]
    assert (file.xet_hash is not None) == as_xorbs
    for number, reader in enumerate((True, False)):
        fetched.clear()
        client = Client(server, tmp_path / f"b{number}", reader)
        assert client.run(DOWNLOAD, "dir/a file.bin") == sha256
        fresh = Client(server, tmp_path / f"c{number}", reader)
        assert fresh.run(SNAPSHOT, "dir/a file.bin") == sha256
        assert len(fetched) == (2 if reader else 0)
    assert list(server.hub.large_files.verify()) == []


def test_known_content_is_not_sent_again(server: Any, source: Path, tmp_path: Path) -> None:
    client = Client(server, tmp_path / "a", xet=True)
    client.run(UPLOAD, str(source), "first.bin", "path")
    xorbs = sorted((server.hub.root / "objects/xorbs").rglob("*"))
    grown = tmp_path / "grown.bin"
    grown.write_bytes(source.read_bytes() + os.urandom(50_000))
    client.run(UPLOAD, str(source), "second.bin", "path")
    assert sorted((server.hub.root / "objects/xorbs").rglob("*")) == xorbs
    client.run(UPLOAD, str(grown), "third.bin", "path")
    new = set((server.hub.root / "objects/xorbs").rglob("*")) - set(xorbs)
    assert 0 < sum(path.stat().st_size for path in new if path.is_file()) < 400_000
    reader = Client(server, tmp_path / "b", xet=True)
    assert reader.run(DOWNLOAD, "second.bin") == hashlib.sha256(source.read_bytes()).hexdigest()
    assert reader.run(DOWNLOAD, "third.bin") == hashlib.sha256(grown.read_bytes()).hexdigest()
    assert list(server.hub.large_files.verify()) == []


def test_a_client_with_an_empty_cache_sends_only_what_changed(server: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "first.bin", tmp_path / "second.bin"
    content = bytearray(os.urandom(20_000_000))
    first.write_bytes(content)
    Client(server, tmp_path / "a", xet=True).run(UPLOAD, str(first), "first.bin", "path")
    content[9_000_000:9_200_000] = os.urandom(200_000)
    second.write_bytes(content)
    before = _xorb_bytes(server)
    Client(server, tmp_path / "b", xet=True).run(UPLOAD, str(second), "second.bin", "path")
    assert 200_000 < _xorb_bytes(server) - before < 0.03 * len(content)
    sha256 = hashlib.sha256(content).hexdigest()
    assert Client(server, tmp_path / "c", xet=True).run(DOWNLOAD, "second.bin") == sha256


def _xorb_bytes(server: Any) -> int:
    files = (server.hub.root / "objects/xorbs").rglob("*")
    return sum(path.stat().st_size for path in files if path.is_file())
