"""Partial files: what arrives is written here first, whatever store it goes to.

A partial file is locked for as long as its writer lives, so that whoever opens the folder next can
tell what a killed process left, and remove it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["PartialFile", "Spool", "sync_folder"]

_SUFFIX = ".partial"


class Spool:
    """The folder of partial files; opening it removes those of the dead."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()

    def new(self) -> tuple[Path, BinaryIO]:
        """A new partial file, locked."""
        with _folder_lock(self._folder, fcntl.LOCK_SH):
            path = self._folder / f"{secrets.token_hex(16)}{_SUFFIX}"
            file = path.open("x+b")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path, file

    def _sweep(self) -> None:
        # A living writer holds a lock on its file; what can be locked was left by a dead one.
        with _folder_lock(self._folder, fcntl.LOCK_EX):
            for path in self._folder.glob(f"*{_SUFFIX}"):
                with (
                    contextlib.suppress(FileNotFoundError, BlockingIOError),
                    path.open("rb") as file,
                ):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()


class PartialFile:
    """What all stores do alike with an object that is not complete."""

    def __init__(self, spool: Spool) -> None:
        self._path, self._file = spool.new()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append to the object."""
        self._file.write(data)
        self.size += len(data)

    def reader(self) -> BinaryIO:
        """Open what was written so far for reading; the caller closes it."""
        self._file.flush()
        return self._path.open("rb")

    def truncate(self, size: int) -> None:
        """Drop everything from ``size`` on."""
        self._file.flush()
        self._file.truncate(size)
        self._file.seek(size)
        self.size = size

    def discard(self) -> None:
        """Forget the object; does nothing once it is published or discarded."""
        if not self._file.closed:
            self._path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # a full disk must not hide the first error
                self._file.close()


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _folder_lock(folder: Path, mode: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, mode)
        yield
    finally:
        os.close(descriptor)
