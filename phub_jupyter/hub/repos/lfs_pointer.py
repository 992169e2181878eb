"""The small text that stands for a large file in a git tree, in the format of git-lfs."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["LfsPointer"]

_LARGEST = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-\d-[^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\n"
    rb"size (\d{1,15})\n?"
)


@dataclass(frozen=True, slots=True)
class LfsPointer:
    """Which large file is meant, and how long it is."""

    sha256: str
    size: int

    @property
    def text(self) -> str:
        """The exact text that is committed."""
        return (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{self.sha256}\nsize {self.size}\n"
        )

    @staticmethod
    def may_be(size: int) -> bool:
        """Whether a blob of that size could be a pointer, so that it is worth reading."""
        return size <= _LARGEST

    @classmethod
    def parse(cls, data: bytes) -> LfsPointer | None:
        """Read a blob; None if it is an ordinary file."""
        match = _POINTER.fullmatch(data) if cls.may_be(len(data)) else None
        return None if match is None else cls(match[1].decode(), int(match[2]))
