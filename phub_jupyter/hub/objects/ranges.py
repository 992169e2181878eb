"""Byte ranges as HTTP asks for them, for whatever serves a part of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from phub_jupyter.errors import RangeNotSatisfiableError

__all__ = ["ByteRange"]

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,50})\s*-\s*(\d{0,50})\s*", re.IGNORECASE | re.ASCII)
_LONGEST = 8192


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from ``start`` up to, not including, ``stop`` of a file of ``size`` bytes."""

    start: int
    stop: int
    size: int

    @classmethod
    def parse(cls, header: str | None, size: int) -> ByteRange | None:
        """Read a ``Range`` header; None means the whole file.

        Several ranges and malformed headers count as absent, which the standard allows. Raises
        RangeNotSatisfiableError for a range outside the file.
        """
        match = _RANGE.fullmatch(header or "")
        if match is None:
            return None
        first, last = match.groups()
        if first:
            start, stop = int(first), min(int(last) + 1, size) if last else size
            if last and int(last) < int(first):
                return None
        elif last:
            start, stop = max(0, size - int(last)), size
        else:
            return None
        if start >= stop:
            raise RangeNotSatisfiableError(size)
        return cls(start, stop, size)

    @classmethod
    def parse_several(cls, header: str | None, size: int) -> list[ByteRange]:
        """Read a ``Range`` header that may name several parts; an empty list if it is malformed.

        Raises RangeNotSatisfiableError if one of them is outside the file.
        """
        unit, _, text = (header or "").partition("=")
        parts = text.split(",") if len(text) < _LONGEST else []
        found = [cls.parse(f"{unit}={part}", size) for part in parts]
        ranges = [part for part in found if part is not None]
        return ranges if len(ranges) == len(found) else []

    @property
    def content_range(self) -> str:
        """The value of the ``Content-Range`` header."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"

    def __len__(self) -> int:
        return self.stop - self.start
