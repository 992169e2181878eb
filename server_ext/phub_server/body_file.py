"""A request's body as a file, for bodies that are too large for memory."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import IO

from phub_jupyter.errors import InvalidRequestError

__all__ = ["BodyFile"]

_PIECE = 1 << 20


class BodyFile:
    """A file without a name: the system takes it back whatever happens to this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115

    def write(self, data: bytes) -> None:
        """Append to the body."""
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
        source, self.file = self.rewind(), tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        stream = zlib.decompressobj(zlib.MAX_WBITS + 16)
        with source:
            while data := stream.unconsumed_tail or source.read(_PIECE):
                try:
                    self.file.write(stream.decompress(data, _PIECE))
                except zlib.error as error:
                    raise InvalidRequestError(f"body: not valid gzip ({error}).") from None
                if self.file.tell() > limit:
                    raise InvalidRequestError(f"body: more than {limit} bytes when unpacked.")
        if not stream.eof:
            raise InvalidRequestError("body: the gzip data ends too early; send it again.")
