"""kill -9 at random moments: what was confirmed is there and whole, and nothing is there by half.

``PHUB_CRASHES`` says how many kills, ``PHUB_CRASH_SEED`` repeats the choices of an earlier run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.hub.check import check
from phub_jupyter.hub.hub import Hub

from .observation import Observer
from .served import Served, clean_up_later, end, start

CRASHES = int(os.environ.get("PHUB_CRASHES", "20"))
USERS = ("ada", "bob", "cleo")

Repo = dict[str, Any]


class Clients:
    """The program with the clients, and the processes that it forked."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        self._home = home
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "HF_HOME": str(home / "hf"),
            "HF_XET_CACHE": str(home / "xet"),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        program = Path(__file__).with_name("clients.py")
        with (home / "log").open("wb") as log:
            self._program = subprocess.Popen(
                [sys.executable, str(program)],
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._pids: list[int] = []
        self._say()

    def start(self, **order: Any) -> Path:
        """Let one more client work, and return its journal."""
        journal = self._home / f"journal-{order['seed']}"
        assert self._program.stdin is not None
        order |= {"folder": str(self._home), "journal": str(journal)}
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        self._pids.append(int(self._say()))
        return journal

    def forget_uploads(self) -> None:
        """Make clients upload everything again, as they do after some weeks."""
        shutil.rmtree(self._home / "xet", ignore_errors=True)

    def kill(self) -> None:
        """Kill all clients with the programs that they run."""
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        self._pids.clear()

    def close(self) -> None:
        self.kill()
        self._program.kill()
        self._program.communicate()

    def _say(self) -> str:
        assert self._program.stdout is not None
        line = self._program.stdout.readline()
        assert line, (self._home / "log").read_text()
        return line


class Crashes:
    """Serves, kills and looks, again and again; ``known`` is what must be there, by person."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.data = folder / "hub"
        hub = Hub.open(self.data)
        self.tokens = {}
        for user in USERS:
            hub.accounts.add_user(user)
            self.tokens[user] = hub.accounts.add_token(user, name="test", role="write")
        hub.close()
        self.known: dict[str, dict[str, Repo]] = {user: {} for user in USERS}
        self.pending: dict[str, tuple[str, Repo | None]] = {}
        self.done: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._clients = Clients(folder / "clients")

    def close(self) -> None:
        self._clients.close()

    def crash(self) -> None:
        """Let clients work and kill the hub, then start it anew, which may be killed as well."""
        if self.random.random() < 0.25:
            self._clean_up()
        served = Served(self.data)
        try:
            if self.random.random() < 0.2:
                time.sleep(self.random.random() * 1.2)
                served.kill(children=True)
                served = Served(self.data)
            served.wait()
            self.look(served.endpoint)
            journals = {user: self._start(user, served.endpoint) for user in USERS}
            meanwhile = start(self.data, "gc", "--delete") if self.random.random() < 0.2 else None
            time.sleep(0.1 + self.random.random() ** 2 * 1.5)
            moment = time.monotonic()
            served.kill(children=self.random.random() < 0.5)
            end(meanwhile)
        finally:
            served.close()
        self._clients.kill()
        for user, journal in journals.items():
            self._take(user, journal, moment)

    def _clean_up(self) -> None:
        """Give back space while nobody works, and be killed at it, or not."""
        cleaning = clean_up_later(self.data)
        assert cleaning.stdout is not None
        assert cleaning.stdout.readline() == "go\n"
        if self.random.random() < 0.7:
            time.sleep(self.random.random() ** 2 * 0.5)
        else:
            assert cleaning.stdout.readline() == "done\n"
        end(cleaning)
        self._clients.forget_uploads()
        self.done["clean up"] += 1

    def look(self, endpoint: str) -> None:
        """Compare what the hub shows with what must be there."""
        for user in USERS:
            observer = Observer(endpoint, self.tokens[user], self._seen)
            self._settle(user, observer)
            for repo in self.known[user].values():
                assert observer.repo(repo["name"]) == repo
            names = sorted(repo["name"] for repo in self.known[user].values())
            assert observer.names(user) == names
            observer.close()
        hub = Hub.open(self.data)
        assert list(check(hub)) == []
        hub.close()

    def _settle(self, user: str, observer: Observer) -> None:
        """Find out whether a change that was not confirmed has happened: all of it or nothing."""
        if user not in self.pending:
            return
        key, after = self.pending.pop(user)
        before = self.known[user].pop(key, None)
        shown = [
            observer.repo(repo["name"]) if repo is not None else None for repo in (before, after)
        ]
        if before is not None and shown[0] == before:
            self.known[user][key] = before
            if after is not None and after["name"] != before["name"]:
                assert shown[1] is None
        elif after is not None and shown[1] == after:
            self.known[user][key] = after
            if before is not None and after["name"] != before["name"]:
                assert shown[0] is None
        else:  # something that was being made, or removed, and is not there
            story = json.dumps([before, after, *shown], indent=1)
            assert None in (before, after), story
            assert shown == [None, None], story

    def _start(self, user: str, endpoint: str) -> Path:
        return self._clients.start(
            user=user,
            token=self.tokens[user],
            endpoint=endpoint,
            seed=self.random.getrandbits(48),
            xet=self.random.random() < 0.5,
            repos=self.known[user],
        )

    def _take(self, user: str, journal: Path, moment: float) -> None:
        """Believe what a client has noted, but for a last line that its end has cut off."""
        *lines, _ = journal.read_text().split("\n") if journal.exists() else [""]
        for line in lines:
            event = json.loads(line)
            if "begin" in event:
                self.pending[user] = (event["begin"], event["after"])
                change = event["change"]
            elif "done" in event:
                key, after = self.pending.pop(user)
                self.known[user].pop(key, None)
                if after is not None:
                    self.known[user][key] = after
                self.done[change] += 1
            else:
                assert event["status"] is None, event["failed"]
                assert event["at"] > moment, event["failed"]


@contextmanager
def crashes(folder: Path) -> Iterator[Crashes]:
    seed = int(os.environ.get("PHUB_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
    print(f"PHUB_CRASH_SEED={seed}")
    crashes = Crashes(folder, seed)
    try:
        yield crashes
    finally:
        crashes.close()


@pytest.mark.slow
@pytest.mark.both_stores
@pytest.mark.timeout(60 + 20 * CRASHES)
def test_nothing_is_lost_and_nothing_is_there_by_half(tmp_path: Path, stores: str) -> None:
    # One fold of the same story is cheap, and the servers of the other pair are not killed here.
    kills = CRASHES if stores == "sqlite-folder" else max(1, CRASHES // 4)
    with crashes(tmp_path) as story:
        for _ in range(kills):
            story.crash()
        served = Served(story.data)
        served.wait()
        story.look(served.endpoint)
        served.kill(children=True)
    print(f"{kills} kills; confirmed: {dict(story.done)}")
    assert story.done.total() > kills, "the clients were too slow for this to say anything"
