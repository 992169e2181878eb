"""Keeps repositories quick: many small files and packs become one pack with an index for clones.

git itself does the work, in the background and at low priority. Nothing is ever dropped, not even
what no ref reaches any more: a commit that is being made may be about to refer to it. Being killed
in the middle leaves files that the next run removes.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

from phub_jupyter.hub.events import Event
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.hub.repos.smart_http import git_environment

__all__ = ["Maintenance"]

_LOG = logging.getLogger("phub")
_MOST_LOOSE = 2000
_MOST_PACKS = 20
_WORTH_AN_INDEX = 8 << 20  # bytes of a pack without a reachability bitmap
_LEFT_AFTER = 24 * 3600.0
_PAUSE = 3600.0
_PLACEHOLDER = "phub.keep"
_SETTINGS = (
    ("core.fsync", "all"),
    ("core.fsyncMethod", "fsync"),
    ("core.bigFileThreshold", "16m"),
    ("pack.threads", "1"),
    ("pack.windowMemory", "100m"),
    ("repack.writeBitmaps", "true"),
    ("commitGraph.changedPaths", "false"),
)
_STEPS = (
    ("repack", "-a", "-d", "-k", "-l", "-b", "-q"),
    ("commit-graph", "write", "--reachable", "--no-progress"),
)


class Maintenance:
    """Hears of changed repositories and repacks those that need it, one after the other."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self._waiting: SimpleQueue[Path | None] = SimpleQueue()
        self._known: set[Path] = set()
        self._not_before: dict[Path, float] = {}
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def hear(self, event: Event) -> None:
        """Remember a repository whose content changed."""
        if event.scope == "repo.content":
            path = self._repositories.path(event.repo)
            if needs_work(path):
                self._enqueue(path)

    def stop(self) -> None:
        """End what is running; whatever it had begun is begun again another time."""
        with self._guard:
            self._stopped = True
            if self._running is not None:
                self._running.kill()
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(10)

    def wait(self) -> None:
        """Return when nothing is left to do."""
        while self._known:
            time.sleep(0.02)

    def _enqueue(self, path: Path) -> None:
        with self._guard:
            if self._stopped or path in self._known or time.time() < self._not_before.get(path, 0):
                return
            self._known.add(path)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="phub-git", daemon=True)
                self._thread.start()
        self._waiting.put(path)

    def _work(self) -> None:
        while (path := self._waiting.get()) is not None:
            try:
                tidy(path)
                hold_folders(path)
                for step in _STEPS:
                    self._run(path, step)
            except OSError as error:
                _LOG.warning("%s could not be repacked: %s", path.name, error)
            finally:
                if needs_work(path):  # what no ref reaches may stay loose
                    self._not_before[path] = time.time() + _PAUSE
                self._known.discard(path)

    def _run(self, path: Path, step: tuple[str, ...]) -> None:
        with self._guard:
            if self._stopped or not path.is_dir():
                return
            nice = ["nice", "-n", "19"] if shutil.which("nice") else []
            self._running = process = subprocess.Popen(
                [*nice, "git", *step],
                cwd=path,
                env=git_environment(path, settings=_SETTINGS),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        _, errors = process.communicate()
        if process.returncode != 0 and not self._stopped:
            text = errors.decode("utf-8", "replace").strip()
            _LOG.warning("git %s in %s failed: %s", step[0], path.name, text)


def needs_work(path: Path) -> bool:
    """Whether a repository has become slow, at a glance."""
    # Objects are spread evenly, so one of their 256 folders tells how many there are.
    found = [file for file in _listed(path / "objects/17") if file.name != _PLACEHOLDER]
    loose = len(found) * 256
    if loose >= _MOST_LOOSE:
        return True
    packs = [file for file in _listed(path / "objects/pack") if file.suffix == ".pack"]
    if len(packs) >= _MOST_PACKS:
        return True
    plain = [pack for pack in packs if not pack.with_suffix(".bitmap").exists()]
    return sum(pack.stat().st_size for pack in plain) >= _WORTH_AN_INDEX


def tidy(path: Path) -> None:
    """Remove what killed processes left: quarantines of pushes, and packs not finished."""
    objects = path / "objects"
    left = [
        *objects.glob("tmp_objdir-*"),
        *objects.glob("pack/.tmp-*"),
        *objects.glob("pack/tmp_*"),
    ]
    for item in left:
        try:
            if time.time() - item.stat().st_mtime < _LEFT_AFTER:
                continue
            shutil.rmtree(item) if item.is_dir() else item.unlink()
        except FileNotFoundError:  # its owner lives, and was just done with it
            continue


def hold_folders(path: Path) -> None:
    """Put an empty file into each folder of loose objects, so that git does not remove the folder.

    It removes those that it has emptied, even while libgit2 is about to write an object there.
    """
    for number in range(256):
        folder = path / f"objects/{number:02x}"
        folder.mkdir(exist_ok=True)
        (folder / _PLACEHOLDER).touch()


def _listed(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except FileNotFoundError:
        return
