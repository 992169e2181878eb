"""Parts of stored objects that are files on this machine."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from mmap import PROT_READ, mmap
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.objects.store import PIECE

__all__ = ["Batches", "FilePart"]


@runtime_checkable
class Batches(Protocol):
    """Content that can be had in batches, without copying what lies in files just as it is."""

    def batches(self) -> Generator[list[memoryview]]:
        """The pieces in order, some at a time; they hold until the next are asked for."""
        ...


class FilePart(Iterator[bytes]):
    """The bytes from ``start`` up to ``stop`` in pieces of at most 1 MiB.

    Whoever sends them may also take them from the file itself. Raises StorageError, when it is
    opened or read, if the object is missing or ends early.
    """

    def __init__(self, path: Path, key: str, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop
        self._path = path
        self._key = key
        self._pieces = self._read()

    def __next__(self) -> bytes:
        return next(self._pieces)

    def open(self) -> BinaryIO:
        """Open the whole file; the caller closes it."""
        try:
            return self._path.open("rb", buffering=0)
        except FileNotFoundError:
            raise StorageError(f"The object {self._key} is missing from the store.") from None

    def mapped(self, file: BinaryIO) -> memoryview:
        """The opened file in memory from its begin up to ``stop``, until nobody has a view of it.

        Only the system may read it, as it does to send: then a disk that fails is an error, while
        it would end the process otherwise.
        """
        if os.fstat(file.fileno()).st_size < self.stop:
            raise StorageError(f"The object {self._key} ends too early; run 'phub check'.")
        # Nothing cannot be mapped: when only some of a chunk's header was asked for.
        return memoryview(mmap(file.fileno(), self.stop, prot=PROT_READ) if self.stop else b"")

    def _read(self) -> Iterator[bytes]:
        left = self.stop - self.start
        with self.open() as file:
            file.seek(self.start)
            while left > 0:
                piece = file.read(min(left, PIECE))
                if not piece:
                    raise StorageError(f"The object {self._key} ends {left} bytes too early.")
                left -= len(piece)
                yield piece
