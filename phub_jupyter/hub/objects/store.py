"""What an object store is: immutable objects under keys such as ``lfs/ab/cd/<sha256>``.

An object is either absent or complete. The stores themselves are in ``stores/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

__all__ = ["PIECE", "NewFile", "ObjectStore", "fan_out"]

PIECE = 1 << 20


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
        """Make sure that the bytes are kept, so that `publish` is quick."""

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
