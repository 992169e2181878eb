"""A request's body as a file, for bodies that are too large for memory."""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import IO

from phub_jupyter.errors import InvalidRequestError

__all__ = ["BodyFile"]

_PIECE = 1 << 20
_IN_MEMORY = 1 << 20  # bytes


class BodyFile:
    """A file without a name: the system takes it back whatever happens to this process.

    What is short stays in memory where the system has such files, so that a question to git
    needs no disk on which something can be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = self._new()

    def write(self, data: bytes) -> None:
        """Append to the body."""
        if self._in_memory and self.file.tell() + len(data) > _IN_MEMORY:
            source, self.file = self.rewind(), self._on_disk()
            with source:
                shutil.copyfileobj(source, self.file)
        self.file.write(data)

    def discard(self) -> None:
        """Give the space back."""
        self.file.close()

    def rewind(self) -> IO[bytes]:
        """The file, at its start, with all of it where another process can see it."""
        self.file.flush()
        self.file.seek(0)
        return self.file

    def unzip(self, limit: int) -> None:
        """Replace a gzip body by what it holds, which may be ``limit`` bytes at most.

        Raises InvalidRequestError.
        """
        source, self.file = self.rewind(), self._new()
        stream = zlib.decompressobj(zlib.MAX_WBITS + 16)
        with source:
            while data := stream.unconsumed_tail or source.read(_PIECE):
                try:
                    self.write(stream.decompress(data, _PIECE))
                except zlib.error as error:
                    raise InvalidRequestError(f"body: not valid gzip ({error}).") from None
                if self.file.tell() > limit:
                    raise InvalidRequestError(f"body: more than {limit} bytes when unpacked.")
        if not stream.eof:
            raise InvalidRequestError("body: the gzip data ends too early; send it again.")

    def _new(self) -> IO[bytes]:
        self._in_memory = hasattr(os, "memfd_create")
        return os.fdopen(os.memfd_create("body"), "w+b") if self._in_memory else self._on_disk()

    def _on_disk(self) -> IO[bytes]:
        self._in_memory = False
        return tempfile.TemporaryFile(dir=self._folder)
