"""Commits that are large: many files, long lines, and how little memory they may take."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from phub_jupyter.hub.repos.git_repository import GitRepository

from ..crash.served import Served, phub
from .repo_client import add, line

MIB = 1 << 20


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path, Any]]:
    """A hub in a process of its own, its data, and the headers of its only user."""
    data = tmp_path_factory.mktemp("large") / "hub"
    phub(data, "user", "add", "ada")
    token = phub(data, "token", "add", "ada", "--role", "write").split()[-1]
    hub = Served(data)
    hub.wait()
    yield hub, data, {"Authorization": f"Bearer {token}"}
    hub.process.terminate()
    hub.process.wait(30)
    hub.close()


def new_repo(served: tuple[Served, Path, Any], name: str) -> GitRepository:
    hub, data, headers = served
    answer = requests.post(f"{hub.endpoint}/api/repos/create", json={"name": name}, headers=headers)
    assert answer.status_code == 200, answer.text
    newest = max((data / "repos").glob("*/*.git"), key=lambda path: path.stat().st_mtime_ns)
    return GitRepository(newest)


def commit(served: tuple[Served, Path, Any], name: str, lines: Iterator[bytes]) -> Any:
    hub, _, headers = served
    url = f"{hub.endpoint}/api/models/ada/{name}/commit/main"
    return requests.post(url, data=lines, headers=headers)


def memory(process: subprocess.Popen[str]) -> int:
    return int(psutil.Process(process.pid).memory_info().rss)


def highest(process: subprocess.Popen[str]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def test_hundreds_of_megabytes_of_regular_files_take_little_memory(
    served: tuple[Served, Path, Any],
) -> None:
    git = new_repo(served, "heavy")
    assert commit(served, "heavy", lines_of([("warm", b"x")])).status_code == 200
    idle = memory(served[0].process)
    text = os.urandom(23 * MIB).hex().encode()  # 46 MiB, a line of 61 MiB
    files = [("long.txt", text), *((f"{n}.txt", text[n : n + 9 * MIB]) for n in range(8))]
    answer = commit(served, "heavy", lines_of(files))
    assert answer.status_code == 200, answer.text
    head = git.resolve("main")
    for path, content in files:
        assert git.read_blob(git.entry(head, path).oid) == content
    assert highest(served[0].process) - idle < 100 * MIB


def test_ten_thousand_files_are_one_commit_in_one_pack(served: tuple[Served, Path, Any]) -> None:
    git = new_repo(served, "many")
    files = ((f"{n % 100}/{n}.txt", f"text {n}\n".encode()) for n in range(10_000))
    answer = commit(served, "many", lines_of(files))
    assert answer.status_code == 200, answer.text
    head = git.resolve("main")
    assert sum(entry.kind == "file" for entry in git.tree(head, recursive=True)) == 10_001
    assert git.read_blob(git.entry(head, "77/1277.txt").oid) == b"text 1277\n"
    assert len(list(git.path.glob("objects/pack/*.pack"))) == 1
    checked = subprocess.run(
        ["git", "fsck", "--full", "--strict"], cwd=git.path, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stderr


def test_a_long_line_is_refused_by_its_number_and_changes_nothing(
    served: tuple[Served, Path, Any],
) -> None:
    git = new_repo(served, "bad")
    head = git.resolve("main")
    text = "A" * (3 * MIB)
    for bad, reason in (
        (line("file", path="x", content=f"{text}="), "line 3: content: not valid base64"),
        (line("file", path="x", content=f"{text}====AAAA"), "line 3: content: not valid"),
        (line("file", path="x", content=f"%{text[1:]}"), "line 3: content: not valid base64"),
        (line("file", content=text), "line 3: path: must be a text"),
        (line("file", path="x", content="A" * (65 * MIB)), "line 3: longer than"),
        (line("deletedFile", path=text), "line 3: longer than"),
        (f'{{"key": "file", "value": {{"path": "x", "content": "{text}', "line 3: longer than"),
    ):
        answer = commit(served, "bad", iter(f"{text}\n".encode() for text in (HEADER, GOOD, bad)))
        assert answer.status_code == 400, answer.text
        assert reason in answer.json()["error"]
    assert git.resolve("main") == head
    assert not list(git.path.glob("objects/pack/*"))


def test_base64_may_be_escaped_as_other_languages_do(served: tuple[Served, Path, Any]) -> None:
    git = new_repo(served, "escaped")
    content = os.urandom(2 * MIB).hex().encode() + b"\xc3\xbf\xc3\xbe" * MIB
    text = base64.b64encode(content).decode().replace("/", "\\/").replace("+", "\\u002B")
    body = f'{{"key":"file","value":{{"content" : "{text}","path":"x"}}}}'
    lines = iter(f"{text}\n".encode() for text in (HEADER, body, GOOD))
    answer = commit(served, "escaped", lines)
    assert answer.status_code == 200, answer.text
    head = git.resolve("main")
    assert git.read_blob(git.entry(head, "x").oid) == content
    assert git.read_blob(git.entry(head, "good").oid) == b"good"


HEADER = line("header", summary="s")
GOOD = add("good", "good")


def lines_of(files: Any) -> Iterator[bytes]:
    yield HEADER.encode()
    for path, content in files:
        yield b"\n" + add(path, content).encode()
