"""The bare repositories on disk: made whole under another name, removed by renaming first."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from phub_jupyter.errors import HubError
from phub_jupyter.hub.database.tables import utc_now
from phub_jupyter.hub.repos.git_repository import GitRepository

__all__ = ["RepoFolders", "flush_folder", "folder_of", "main_stamp"]

_LEFT_AFTER = 3600.0
"""Seconds after which a folder without a row is no longer one that another process is making."""

_COPY = "phub.copy"


def folder_of(root: Path, uid: str) -> Path:
    """Where below ``root`` the bare repository of that immutable id lies."""
    return root / uid[:2] / f"{uid}.git"


def main_stamp(path: Path) -> tuple[int, int]:
    """Something that differs after every move of the branch ``main``, told without opening git."""
    for name in ("refs/heads/main", "packed-refs"):
        with contextlib.suppress(OSError):
            found = (path / name).stat()
            return found.st_ino, found.st_mtime_ns
    return 0, 0


class RepoFolders:
    """All repositories below one folder, by the immutable ids of their rows."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, uid: str) -> Path:
        """The folder of a repository."""
        return folder_of(self._root, uid)

    def make(self, uid: str, fill: Callable[[Path], None]) -> Path:
        """Let ``fill`` make a repository, which is there under its name once it is complete."""
        path = self.path(uid)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        try:
            fill(partial)
            partial.rename(path)
        except (HubError, OSError):
            shutil.rmtree(partial, ignore_errors=True)
            raise
        for folder in (path.parent, self._root):
            flush_folder(folder)
        return path

    def remove(self, uid: str) -> None:
        """Take the folder out of sight at once; what is left of it goes at the next start."""
        path = self.path(uid)
        trash = path.with_suffix(".trash")
        try:
            path.rename(trash)
        except FileNotFoundError:
            return
        shutil.rmtree(trash, ignore_errors=True)

    def all(self) -> list[Path]:
        """Every folder there is, complete or not."""
        return [path for path in self._root.glob("??/*") if path.is_dir()]

    def has_history(self, path: Path) -> bool:
        """Whether a folder is a repository in which somebody's work could be."""
        return path.suffix == ".git" and not (path / _COPY).exists() and not _is_new(path)

    def mark_copy(self, path: Path) -> None:
        """Note that all of it is also elsewhere, until `keep` is called."""
        (path / _COPY).touch()

    def keep(self, path: Path) -> None:
        """Forget that it was a copy, now that people may work in it."""
        (path / _COPY).unlink(missing_ok=True)

    def remove_leftover(self, path: Path) -> None:
        """Remove what a creation or deletion left, unless somebody may be making it right now."""
        old = utc_now().timestamp() - path.stat().st_mtime > _LEFT_AFTER
        if old and not self.has_history(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_new(path: Path) -> bool:
    """Whether a repository has only its first commit, so that nothing can be lost with it."""
    try:
        git = GitRepository(path)
        refs = git.refs()
        return not refs or (len(refs) == 1 and len(git.log(refs[0].commit, limit=2)) == 1)
    except HubError:
        return False


def flush_folder(folder: Path) -> None:
    """Make sure that the names in a folder have reached the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
