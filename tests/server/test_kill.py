"""``kill -9`` of a served hub in the middle of uploads: what was acknowledged is kept and whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

UPLOADS = """
import os, pathlib, sys
from huggingface_hub import HfApi

api = HfApi()
api.create_repo("ada/m", exist_ok=True)
print("ready", flush=True)
for number in range(1000):
    folder = pathlib.Path(sys.argv[1], str(number))
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text(str(number))
    (folder / "weights.bin").write_bytes(os.urandom(400_000))
    commit = api.upload_folder(repo_id="ada/m", folder_path=folder, path_in_repo=str(number))
    print(commit.oid, flush=True)
"""

AGAIN = """
import pathlib, sys
from huggingface_hub import HfApi, snapshot_download

source, *acknowledged = sys.argv[1:]
api = HfApi()
history = [commit.commit_id for commit in api.list_repo_commits("ada/m")]
lost = set(acknowledged) - set(history)
assert not lost, f"{lost} of {history}"
for commit in acknowledged:
    snapshot_download("ada/m", revision=commit, local_dir=f"at-{commit}")
api.upload_folder(repo_id="ada/m", folder_path=source)
copy = pathlib.Path(snapshot_download("ada/m", local_dir="whole"))
files = [path for path in pathlib.Path(source).rglob("*") if path.is_file()]
assert files
for path in files:
    name = path.relative_to(source)
    assert (copy / name).read_bytes() == path.read_bytes(), name
print("done")
"""


def phub(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    command = [sys.executable, "-m", "phub_server.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@contextmanager
def serving(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A hub in a process of its own, and its address."""
    command = [sys.executable, "-m", "phub_server.cli", "serve", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "listens on http://" in line, line
            yield process, line.split()[-1]
        finally:
            process.kill()


@contextmanager
def client(
    program: str, endpoint: str, token: str, home: Path, *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """A program with the unmodified client."""
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_HOME": str(home),
        "HF_XET_CACHE": str(home / "xet"),
        "HF_ENDPOINT": endpoint,
        "HF_TOKEN": token,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-c", program, *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=home, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.0, 0.1, 0.25, 0.6])
def test_what_was_acknowledged_survives(tmp_path: Path, moment: float) -> None:
    data, source = tmp_path / "hub", tmp_path / "source"
    assert phub("user", "add", "ada", "--data", str(data)).returncode == 0
    made = phub("token", "add", "ada", "--role", "write", "--data", str(data))
    token = made.stdout.split()[-1]
    acknowledged: list[str] = []
    with (
        serving(data) as (server, endpoint),
        client(UPLOADS, endpoint, token, tmp_path / "one", str(source)) as uploading,
    ):
        assert uploading.stdout is not None
        assert uploading.stdout.readline() == "ready\n"
        acknowledged += [uploading.stdout.readline().strip() for _ in range(2)]
        time.sleep(moment)
        server.send_signal(signal.SIGKILL)
        server.wait(30)
        uploading.kill()
        acknowledged += uploading.stdout.read().split()
    assert all(len(commit) == 40 for commit in acknowledged), acknowledged

    with serving(data) as (_, endpoint):
        checked = phub("check", "--data", str(data))
        assert checked.returncode == 0, checked.stdout + checked.stderr
        arguments = (str(source), *acknowledged)
        with client(AGAIN, endpoint, token, tmp_path / "two", *arguments) as again:
            printed, errors = again.communicate(timeout=120)
        assert printed.strip() == "done", errors
    checked = phub("check", "--data", str(data))
    assert checked.returncode == 0, checked.stdout + checked.stderr
