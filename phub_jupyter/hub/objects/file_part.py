"""Parts of stored objects that are files on this machine."""

from __future__ import annotations

from collections.abc import Generator, Iterator
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
