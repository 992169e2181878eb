"""Text out of tokens, as they come: whole characters only, and nothing of a stop string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["TextStream"]

_BROKEN = "\N{REPLACEMENT CHARACTER}"


class TextStream:
    """The text of one writing; ``stopped`` once a stop string has come, which is not shown."""

    def __init__(self, tokenizer: Any, stops: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._stops = stops
        self._tokens: list[int] = []
        self._begin = 0  # decoding starts before ``_done``: what a token says depends on the last
        self._done = 0
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """Take a token; what can be shown now."""
        self._tokens.append(token)
        new = self._new()
        if not new or new.endswith(_BROKEN):
            return ""  # a part of a character
        self._begin, self._done = self._done, len(self._tokens)
        return self._show(new, final=False)

    def end(self) -> str:
        """What was held back, now that no more tokens come."""
        return "" if self.stopped else self._show(self._new(), final=True)

    def _new(self) -> str:
        before = self._decode(self._tokens[self._begin : self._done])
        return self._decode(self._tokens[self._begin :])[len(before) :]

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True)) if tokens else ""

    def _show(self, new: str, *, final: bool) -> str:
        text = self._held + new
        ends = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if ends:
            self.stopped = True
            return text[: min(ends)]
        keep = 0 if final else max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``stop``."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
