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

from phub_jupyter.hub.repos.git_repository import GitRepository

from .hub_program import HubProgram
from .repo_client import add, line

MIB = 1 << 20


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProgram]:
    """A hub in a process of its own."""
    hub = HubProgram(tmp_path_factory.mktemp("large") / "hub")
    yield hub
    hub.close()


def new_repo(hub: HubProgram, name: str) -> GitRepository:
    answer = hub.call("POST", "/api/repos/create", json={"name": name})
    assert answer.status_code == 200, answer.text
    folders = (hub.data / "repos").glob("*/*.git")
    return GitRepository(max(folders, key=lambda path: path.stat().st_mtime_ns))


def commit(hub: HubProgram, name: str, lines: Iterator[bytes]) -> Any:
    return hub.call("POST", f"/api/models/ada/{name}/commit/main", data=lines)


def highest(hub: HubProgram) -> int:
    status = Path(f"/proc/{hub.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def test_hundreds_of_megabytes_of_regular_files_take_little_memory(
    hub: HubProgram,
) -> None:
    git = new_repo(hub, "heavy")
    assert commit(hub, "heavy", lines_of([("warm", b"x")])).status_code == 200
    idle = psutil.Process(hub.pid).memory_info().rss
    text = os.urandom(23 * MIB).hex().encode()  # 46 MiB, a line of 61 MiB
    files = [("long.txt", text), *((f"{n}.txt", text[n : n + 9 * MIB]) for n in range(8))]
    answer = commit(hub, "heavy", lines_of(files))
    assert answer.status_code == 200, answer.text
    head = git.resolve("main")
    for path, content in files:
        assert git.read_blob(git.entry(head, path).oid) == content
    assert highest(hub) - idle < 100 * MIB


def test_ten_thousand_files_are_one_commit_in_one_pack(hub: HubProgram) -> None:
    git = new_repo(hub, "many")
    files = ((f"{n % 100}/{n}.txt", f"text {n}\n".encode()) for n in range(10_000))
    answer = commit(hub, "many", lines_of(files))
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
    hub: HubProgram,
) -> None:
    git = new_repo(hub, "bad")
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
        answer = commit(hub, "bad", iter(f"{text}\n".encode() for text in (HEADER, GOOD, bad)))
        assert answer.status_code == 400, answer.text
        assert reason in answer.json()["error"]
    assert git.resolve("main") == head
    assert not list(git.path.glob("objects/pack/*"))


def test_base64_may_be_escaped_as_other_languages_do(hub: HubProgram) -> None:
    git = new_repo(hub, "escaped")
    content = os.urandom(2 * MIB).hex().encode() + b"\xc3\xbf\xc3\xbe" * MIB
    text = base64.b64encode(content).decode().replace("/", "\\/").replace("+", "\\u002B")
    body = f'{{"key":"file","value":{{"content" : "{text}","path":"x"}}}}'
    lines = iter(f"{text}\n".encode() for text in (HEADER, body, GOOD))
    answer = commit(hub, "escaped", lines)
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
