"""Real clients that change repositories at random, and note before each change what it will do.

This is a program. It loads the client once; for each line on its standard input, a JSON object, it
forks a process that makes changes until it is killed. That process writes to a journal:
``begin`` with a repository as it is to become, ``done`` when the hub has confirmed it, ``failed``
when the hub refused it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants

Repo = dict[str, Any]
_MOST_REPOS = 3
_MOST_FILES = 8


class Client:
    """Changes the repositories of one person, one after the other."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.random = random.Random(order["seed"])
        self.change = ""
        self.user: str = order["user"]
        self.token: str = order["token"]
        self.repos: dict[str, Repo] = order["repos"]
        self.endpoint: str = order["endpoint"]
        self.api = HfApi(endpoint=self.endpoint, token=self.token)
        self.folder = Path(order["folder"])
        self.journal = os.open(order["journal"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def work(self) -> None:
        """Change things until somebody kills this process."""
        while True:
            try:
                self.change_something()
            except Exception as error:
                response = getattr(error, "response", None)
                status = None if response is None else response.status_code
                trace = traceback.format_exc()
                self.note(failed=trace, status=status, at=time.monotonic())
                return

    def change_something(self) -> None:
        """Make one change."""
        if not self.repos or (len(self.repos) < _MOST_REPOS and self.random.random() < 0.2):
            self.change = "create"
            self.create()
            return
        key = self.random.choice(sorted(self.repos))
        names = list(_CHANGES)
        self.change = self.random.choices(names, [_CHANGES[name] for name in names])[0]
        getattr(self, self.change)(key)

    def note(self, **event: Any) -> None:
        os.write(self.journal, json.dumps(event).encode() + b"\n")

    def commit(self, key: str, repo: Repo | None, act: Callable[[], Any]) -> None:
        """Do something that makes a repository what ``repo`` says; None removes it."""
        self.note(begin=key, after=repo, change=self.change)
        act()
        self.note(done=key)
        if repo is None:
            del self.repos[key]
        else:
            self.repos[key] = repo

    def new_name(self) -> str:
        return f"{self.user}/r{self.random.getrandbits(40):010x}"

    def some_files(self, ending: str, sizes: tuple[int, int], most: int = 3) -> dict[str, bytes]:
        """New files, each with content of its own."""
        files = {}
        for _ in range(self.random.randint(1, most)):
            folder = self.random.choice(["", "a/", "a/b/", "données/"])
            name = f"{folder}{self.random.getrandbits(32):08x}{ending}"
            data = self.random.randbytes(self.random.randint(*sizes))
            files[name] = data if ending == ".bin" else data.hex().encode()
        return files

    def create(self) -> None:
        repo = {
            "name": self.new_name(),
            "private": self.random.random() < 0.5,
            "branches": {"main": {}},
            "tags": {},
            "pulls": {},
        }
        key = f"{self.user}-{self.random.getrandbits(32):08x}"
        self.commit(key, repo, lambda: self.api.create_repo(repo["name"], private=repo["private"]))

    def delete(self, key: str) -> None:
        self.commit(key, None, lambda: self.api.delete_repo(self.repos[key]["name"]))

    def move(self, key: str) -> None:
        repo = copy.deepcopy(self.repos[key])
        old, repo["name"] = repo["name"], self.new_name()
        self.commit(key, repo, lambda: self.api.move_repo(old, repo["name"]))

    def hide(self, key: str) -> None:
        repo = copy.deepcopy(self.repos[key])
        repo["private"] = not repo["private"]
        self.commit(
            key,
            repo,
            lambda: self.api.update_repo_settings(repo["name"], private=repo["private"]),
        )

    def small_files(self, key: str) -> None:
        self._upload(key, self.some_files(".txt", (0, 3000)))

    def large_files(self, key: str) -> None:
        self._upload(key, self.some_files(".bin", (20_000, 400_000)))

    def _upload(self, key: str, files: dict[str, bytes]) -> None:
        repo = copy.deepcopy(self.repos[key])
        branch = self.random.choice(sorted(repo["branches"]))
        there = repo["branches"][branch]
        operations: list[Any] = [
            CommitOperationAdd(path_in_repo=path, path_or_fileobj=data)
            for path, data in files.items()
        ]
        # What came by pull requests stays: they are known by their files that main does not have.
        may_go = sorted(path for path in there if not path.endswith(".md"))
        number = max(0, len(may_go) + len(files) - _MOST_FILES)
        gone = self.random.sample(may_go, min(len(may_go), number))
        operations += [CommitOperationDelete(path_in_repo=path) for path in gone]
        for path in gone:
            del there[path]
        there |= {path: digest(path, data) for path, data in files.items()}
        self.commit(
            key,
            repo,
            lambda: self.api.create_commit(
                repo["name"], operations, commit_message="change", revision=branch
            ),
        )

    def branch(self, key: str) -> None:
        repo = copy.deepcopy(self.repos[key])
        others = sorted(set(repo["branches"]) - {"main"})
        if len(others) > 1:
            name = self.random.choice(others)
            del repo["branches"][name]
            self.commit(key, repo, lambda: self.api.delete_branch(repo["name"], branch=name))
            return
        name = f"b{self.random.getrandbits(32):08x}"
        repo["branches"][name] = dict(repo["branches"]["main"])
        self.commit(key, repo, lambda: self.api.create_branch(repo["name"], branch=name))

    def tag(self, key: str) -> None:
        repo = copy.deepcopy(self.repos[key])
        if len(repo["tags"]) > 1:
            name = self.random.choice(sorted(repo["tags"]))
            del repo["tags"][name]
            self.commit(key, repo, lambda: self.api.delete_tag(repo["name"], tag=name))
            return
        name = f"v{self.random.getrandbits(32):08x}"
        repo["tags"][name] = dict(repo["branches"]["main"])
        self.commit(key, repo, lambda: self.api.create_tag(repo["name"], tag=name))

    def squash(self, key: str) -> None:
        repo = self.repos[key]
        self.commit(key, repo, lambda: self.api.super_squash_history(repo["name"]))

    def pull(self, key: str) -> None:
        """Open a pull request, or merge one that is open."""
        repo = copy.deepcopy(self.repos[key])
        waiting = sorted(title for title, pull in repo["pulls"].items() if pull["files"])
        if waiting:
            self._merge(key, repo, waiting[0])
            return
        title = f"pull {self.random.getrandbits(32):08x}"
        files = self.some_files(".md", (1, 2000), 2)
        added = {path: digest(path, data) for path, data in files.items()}
        repo["pulls"][title] = {"status": "open", "files": added}
        operations = [
            CommitOperationAdd(path_in_repo=path, path_or_fileobj=data)
            for path, data in files.items()
        ]
        self.commit(
            key,
            repo,
            lambda: self.api.create_commit(
                repo["name"], operations, commit_message=title, create_pr=True
            ),
        )

    def _merge(self, key: str, repo: Repo, title: str) -> None:
        discussions = self.api.get_repo_discussions(repo["name"])
        number = next(one.num for one in discussions if one.title == title)
        repo["branches"]["main"] |= repo["pulls"][title]["files"]
        repo["pulls"][title] = {"status": "merged", "files": {}}
        self.commit(
            key, repo, lambda: self.api.merge_pull_request(repo["name"], number, comment="yes")
        )

    def push(self, key: str) -> None:
        """Push by the git program, to a branch that is there or to a new one."""
        repo = copy.deepcopy(self.repos[key])
        branch = self.random.choice([*sorted(repo["branches"]), "p-new"])
        files = self.some_files(".txt", (1, 3000))
        address = self.endpoint.replace("://", f"://{self.user}:{self.token}@")
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            git(folder, "clone", "-q", f"{address}/{repo['name']}", "work")
            work = Path(folder, "work")
            there = branch if branch in repo["branches"] else "main"
            git(work, "checkout", "-q", "-B", branch, f"origin/{there}")
            for path, data in files.items():
                (work / path).parent.mkdir(parents=True, exist_ok=True)
                (work / path).write_bytes(data)
            git(work, "add", "--all")
            git(work, "commit", "-q", "-m", "pushed")
            after = repo["branches"][there] | {p: digest(p, d) for p, d in files.items()}
            repo["branches"][branch] = after
            self.commit(key, repo, lambda: git(work, "push", "-q", "origin", branch))


_CHANGES = {
    "small_files": 4,
    "large_files": 6,
    "push": 3,
    "pull": 4,
    "branch": 2,
    "tag": 2,
    "move": 2,
    "hide": 1,
    "squash": 1,
    "delete": 1,
}


def digest(path: str, data: bytes) -> str:
    """What the hub calls a file of that content."""
    if path.endswith(".bin"):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def git(folder: Any, *arguments: str) -> None:
    """Run the git program."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr}")


def main() -> None:
    """Fork a client for each order, and say its number."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            constants.HF_HUB_DISABLE_XET = not order["xet"]
            Client(order).work()
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
