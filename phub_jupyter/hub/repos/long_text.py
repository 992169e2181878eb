"""A base64 text within a request's body that is too long to be held in memory."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

__all__ = ["LongText", "cut_out"]

_PIECE = 1 << 20
_CONTENT = re.compile(rb'"content"\s*:\s*"')
# How JSON may write the characters of base64 that are neither letters nor digits.
_ESCAPE = re.compile(rb"\\(?:/|u00(2[bBfF]|3[dD]))")
_LONGEST_ESCAPE = 6


@dataclass(frozen=True, slots=True)
class LongText:
    """The bytes from ``start`` up to ``stop`` of a body, which stays open while this is read."""

    stream: IO[bytes]
    start: int
    stop: int

    def pieces(self) -> Iterator[bytes]:
        """Yield what the text stands for. Raises ValueError if it is not valid base64."""
        at, rest = self.start, b""
        while at < self.stop:
            self.stream.seek(at)
            read = self.stream.read(min(_PIECE, self.stop - at))
            at += len(read)
            text, rest = rest + read, b""
            is_last = at >= self.stop or not read
            if not is_last:
                text, rest = _without_half_escape(text)
            text = _ESCAPE.sub(_plain, text)
            if not is_last:
                cut = len(text) & ~3
                text, rest = text[:cut], text[cut:] + rest
                if b"=" in text:
                    raise ValueError("padding in the middle")
            yield base64.b64decode(text, validate=True)
            if not read:
                return

    def size(self) -> int:
        """How many bytes the text stands for. Raises ValueError if it is not valid base64."""
        return sum(len(piece) for piece in self.pieces())


def cut_out(head: bytes, stream: IO[bytes], limit: int) -> tuple[bytes, LongText] | None:
    """Take the long ``content`` out of a line whose first bytes, ``head``, were just read.

    Returns the line with an empty content, and the content; None if the line has no content, or
    if line or content are longer than they may be. The stream is at the next line afterwards.
    """
    begin = stream.tell() - len(head)
    match = _CONTENT.search(head)  # within a text of JSON, the quotes would be escaped
    if match is None:
        return None
    start = begin + match.end()
    stop = _find_quote(stream, start, limit)
    if stop is None:
        return None
    stream.seek(stop)
    tail = stream.readline(_PIECE)
    if len(tail) == _PIECE:
        return None
    return head[: match.end()] + tail, LongText(stream, start, stop)


def _find_quote(stream: IO[bytes], start: int, limit: int) -> int | None:
    stream.seek(start)
    at = start
    while at - start <= limit and (piece := stream.read(_PIECE)):
        found = piece.find(b'"')
        if found >= 0:
            return at + found if at + found - start <= limit else None
        at += len(piece)
    return None


def _without_half_escape(text: bytes) -> tuple[bytes, bytes]:
    cut = text.rfind(b"\\", max(0, len(text) - _LONGEST_ESCAPE + 1))
    return (text, b"") if cut < 0 else (text[:cut], text[cut:])


def _plain(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode()) if match[1] else b"/"
