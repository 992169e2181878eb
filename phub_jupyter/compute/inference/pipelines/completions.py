"""Completions: the older form of text generation that many programs speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.generation.writer import Piece, Writer
from phub_jupyter.compute.inference.pipelines.call import flag, texts, whole_number
from phub_jupyter.compute.inference.pipelines.openai_fields import (
    FINISH,
    Common,
    envelope,
    read_common,
    usage,
)
from phub_jupyter.compute.inference.pipelines.text_generation import load

__all__ = ["CompletionRequest", "load", "parse"]

_MAX_TOKENS = 100


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A checked call."""

    common: Common
    prompt: str
    echo: bool = False
    logprobs: bool = False

    def answer(self, writer: Writer, cancelled: Callable[[], bool]) -> Iterator[Any]:
        """One event a piece of text, or one answer."""
        tokens = writer.encode(self.prompt)
        common = self.common
        start = envelope("text_completion", common)
        written: list[Piece] = []
        for piece in writer.write(tokens, common.sampling, common.stops, cancelled):
            written.append(piece)
            if common.stream and (piece.text or piece.finish):
                first = self.echo and len(written) == 1
                text = (self.prompt if first else "") + piece.text
                yield {**start, "choices": [self._choice(writer, [piece], text)]}
        total = usage(len(tokens), len(written))
        if common.stream:
            if common.include_usage:
                yield {**start, "choices": [], "usage": total}
        elif written and written[-1].finish is not None:
            text = "".join(piece.text for piece in written)
            text = self.prompt + text if self.echo else text
            yield {**start, "choices": [self._choice(writer, written, text)], "usage": total}

    def _choice(self, writer: Writer, pieces: list[Piece], text: str) -> dict[str, Any]:
        finish = pieces[-1].finish
        return {
            "index": 0,
            "text": text,
            "logprobs": self._logprobs(writer, pieces),
            "finish_reason": None if finish is None else FINISH[finish],
        }

    def _logprobs(self, writer: Writer, pieces: list[Piece]) -> dict[str, Any] | None:
        if not self.logprobs:
            return None
        return {
            "tokens": [writer.token_text(piece.choice.token) for piece in pieces],
            "token_logprobs": [piece.choice.logprob for piece in pieces],
            "top_logprobs": [
                {writer.token_text(token): value for token, value in piece.choice.alternatives}
                for piece in pieces
            ],
        }


def parse(body: Mapping[str, Any]) -> CompletionRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    logprobs = body.get("logprobs")
    alternatives = 0 if logprobs is None else whole_number("logprobs", logprobs, low=0, high=20)
    common = read_common(body, ("prompt", "echo"), tokens=_MAX_TOKENS, alternatives=alternatives)
    (prompt,) = texts("prompt", body.get("prompt"), limit=1)
    return CompletionRequest(
        common, prompt, flag("echo", body.get("echo") or False), logprobs is not None
    )
