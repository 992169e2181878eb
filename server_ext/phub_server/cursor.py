"""Where the next page of a listing begins, pinned to the commit that the first page showed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from phub_jupyter.errors import InvalidRequestError

__all__ = ["Cursor"]

_FORM = re.compile(r"([0-9a-f]{40})\.(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Entries of ``commit`` from number ``skip`` on; a push between two pages changes nothing."""

    commit: str
    skip: int

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what an earlier page's link held. Raises InvalidRequestError."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise InvalidRequestError("cursor: not from a link of this hub; start without it.")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return f"{self.commit}.{self.skip}"
