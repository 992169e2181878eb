"""Keeps immutable objects under keys such as ``lfs/ab/cd/<sha256>``; a folder is the first store.

An object is either absent or complete: it is written beside, flushed to the disk, and only then
given its name. A partial file left by a killed process is removed when the store is next opened.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from phub_jupyter.errors import StorageError

__all__ = ["PIECE", "FolderStore", "NewFile", "ObjectStore", "fan_out"]

PIECE = 1 << 20
_SUFFIX = ".partial"


def fan_out(kind: str, digest: str) -> str:
    """Return the key of an object: two levels of folders keep each folder small."""
    return f"{kind}/{digest[:2]}/{digest[2:4]}/{digest}"


class NewFile(Protocol):
    """An object that is being written and that nobody can read yet."""

    @property
    def size(self) -> int:
        """How many bytes were written so far."""

    def write(self, data: bytes) -> None:
        """Append to the object."""

    def reader(self) -> BinaryIO:
        """Open what was written so far for reading; the caller closes it."""

    def truncate(self, size: int) -> None:
        """Drop everything from ``size`` on."""

    def flush(self) -> None:
        """Make sure that the bytes are on the disk, so that `publish` is quick."""

    def publish(self, key: str) -> None:
        """Give the object its name; when this returns it survives a power cut."""

    def discard(self) -> None:
        """Forget the object; does nothing once it is published or discarded."""


class ObjectStore(Protocol):
    """Where objects are kept. Objects never change once they are there."""

    def new_file(self) -> NewFile:
        """Begin an object whose key is not known yet."""

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop`` in pieces of at most 1 MiB.

        Raises StorageError if the object is missing or ends early.
        """

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading; the caller closes it. Raises StorageError if missing."""

    def size(self, key: str) -> int:
        """Return the size in bytes. Raises StorageError if the object is missing."""

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys of all objects below a folder, in order."""

    def delete(self, key: str) -> None:
        """Remove an object; does nothing if it is missing."""


class FolderStore:
    """Objects as files below ``root``; partial files are in ``uploads`` on the same disk."""

    def __init__(self, root: Path, uploads: Path) -> None:
        self._root = root
        self._uploads = uploads
        for folder in (root, uploads):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()

    def new_file(self) -> NewFile:
        """Begin an object whose key is not known yet."""
        with _folder_lock(self._uploads, fcntl.LOCK_SH):
            path = self._uploads / f"{secrets.token_hex(16)}{_SUFFIX}"
            file = path.open("x+b")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _FolderFile(self._root, path, file)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop`` in pieces of at most 1 MiB."""
        left = (self.size(key) if stop is None else stop) - start
        with self.open(key) as file:
            file.seek(start)
            while left > 0:
                piece = file.read(min(left, PIECE))
                if not piece:
                    raise StorageError(f"The stored object {key} ends {left} bytes too early.")
                left -= len(piece)
                yield piece

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading; the caller closes it. Raises StorageError if missing."""
        try:
            return (self._root / key).open("rb")
        except FileNotFoundError:
            raise _missing(key) from None

    def size(self, key: str) -> int:
        """Return the size in bytes. Raises StorageError if the object is missing."""
        try:
            return (self._root / key).stat().st_size
        except FileNotFoundError:
            raise _missing(key) from None

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        return (self._root / key).is_file()

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys of all objects below a folder, in order."""
        for folder, folders, files in os.walk(self._root / prefix):
            folders.sort()
            for name in sorted(files):
                yield (Path(folder) / name).relative_to(self._root).as_posix()

    def delete(self, key: str) -> None:
        """Remove an object; does nothing if it is missing."""
        path = self._root / key
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync_folder(path.parent)

    def _sweep(self) -> None:
        # A living writer holds a lock on its file; what can be locked was left by a dead one.
        with _folder_lock(self._uploads, fcntl.LOCK_EX):
            for path in self._uploads.glob(f"*{_SUFFIX}"):
                with (
                    contextlib.suppress(FileNotFoundError, BlockingIOError),
                    path.open("rb") as file,
                ):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()


class _FolderFile:
    """A partial file, locked for as long as its writer lives."""

    def __init__(self, root: Path, path: Path, file: BinaryIO) -> None:
        self._root = root
        self._path = path
        self._file = file
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

    def flush(self) -> None:
        """Make sure that the bytes are on the disk, so that `publish` is quick."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def publish(self, key: str) -> None:
        """Give the object its name; when this returns it survives a power cut."""
        self.flush()
        target = self._root / key
        _make_folder(target.parent)
        self._path.replace(target)
        self._file.close()
        _sync_folder(target.parent)

    def discard(self) -> None:
        """Forget the object; does nothing once it is published or discarded."""
        if not self._file.closed:
            self._path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # a full disk must not hide the first error
                self._file.close()


@contextlib.contextmanager
def _folder_lock(folder: Path, mode: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, mode)
        yield
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _missing(key: str) -> StorageError:
    return StorageError(f"The object {key} is missing from the store.")
