"""The store that needs nothing: objects are files.

An object is written beside, flushed to the disk, and only then given its name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.objects.file_part import FilePart
from phub_jupyter.hub.objects.store import NewFile
from phub_jupyter.hub.objects.stores.spool import PartialFile, Spool, sync_folder

__all__ = ["FolderStore"]


class FolderStore:
    """Objects as files below ``root``; partial files are in ``uploads`` on the same disk."""

    def __init__(self, root: Path, uploads: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._spool = Spool(uploads)

    def new_file(self) -> NewFile:
        """Begin an object whose key is not known yet."""
        return _FolderFile(self._root, self._spool)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return the bytes from ``start`` up to ``stop`` in pieces of at most 1 MiB."""
        stop = self.size(key) if stop is None else stop
        return FilePart(self._root / key, key, start, stop)

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
            sync_folder(path.parent)


class _FolderFile(PartialFile):
    """A partial file that becomes an object by a new name."""

    def __init__(self, root: Path, spool: Spool) -> None:
        super().__init__(spool)
        self._root = root

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
        sync_folder(target.parent)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)
        sync_folder(folder.parent)


def _missing(key: str) -> StorageError:
    return StorageError(f"The object {key} is missing from the store.")
