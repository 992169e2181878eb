"""Parts of stored objects that are files on this machine."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.objects.store import PIECE

__all__ = ["FilePart", "FileSpan", "Spans"]


@dataclass(frozen=True, slots=True)
class FileSpan:
    """The bytes from ``start`` up to ``stop`` of a file that somebody else opens and closes."""

    descriptor: int
    start: int
    stop: int


@runtime_checkable
class Spans(Protocol):
    """Content in pieces, some of which lie in files just as they are."""

    def spans(self) -> Generator[bytes | FileSpan]:
        """The pieces in order; a span's file is open until the next piece is asked for."""
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
