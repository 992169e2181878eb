"""Chat: messages in, the next message out, at once or as it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.generation.writer import Piece, Writer
from phub_jupyter.compute.inference.pipelines.call import flag, object_of, whole_number
from phub_jupyter.compute.inference.pipelines.messages import (
    read_messages,
    read_tools,
    tool_calls_in,
)
from phub_jupyter.compute.inference.pipelines.openai_fields import (
    FINISH,
    Common,
    envelope,
    read_common,
    usage,
)
from phub_jupyter.compute.inference.pipelines.text_generation import load
from phub_jupyter.errors import InvalidRequestError, NotSupportedError

__all__ = ["ChatRequest", "load", "parse"]

_MAX_TOKENS = 1024
_OWN = (
    *("messages", "tools", "tool_choice", "tool_prompt", "parallel_tool_calls"),
    *("response_format", "top_logprobs", "chat_template_kwargs"),
)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A checked call."""

    common: Common
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...] = ()
    logprobs: bool = False

    def answer(self, writer: Writer, cancelled: Callable[[], bool]) -> Iterator[Any]:
        """One event a piece of text, or one answer."""
        more = {"tools": list(self.tools)} if self.tools else {}
        prompt = writer.encode(writer.chat_prompt(self.messages, **more), special=False)
        common = self.common
        pieces = writer.write(prompt, common.sampling, common.stops, cancelled)
        if common.stream:
            yield from self._events(writer, pieces, len(prompt))
            return
        written = list(pieces)
        if written and written[-1].finish is not None:  # else nobody waits any more
            message, finish = self._message(written)
            choice = {
                "index": 0,
                "message": message,
                "logprobs": self._logprobs(writer, written),
                "finish_reason": finish,
            }
            yield {
                **envelope("chat.completion", common),
                "choices": [choice],
                "usage": usage(len(prompt), len(written)),
            }

    def _events(self, writer: Writer, pieces: Iterator[Piece], prompt: int) -> Iterator[Any]:
        start = envelope("chat.completion.chunk", self.common)
        extra = {"usage": None} if self.common.include_usage else {}
        written: list[Piece] = []
        for piece in pieces:
            written.append(piece)
            delta = {"role": "assistant", "content": "" if self.tools else piece.text}
            if piece.finish is None and not delta["content"] and not self.logprobs:
                continue
            finish = None
            if piece.finish is not None:
                finish = FINISH[piece.finish]
                if self.tools:  # whether it is a call is known only now
                    delta, finish = self._message(written)
                    _number(delta)
            choice = {
                "index": 0,
                "delta": delta,
                "logprobs": self._logprobs(writer, [piece]),
                "finish_reason": finish,
            }
            yield {**start, "choices": [choice], **extra}
        if self.common.include_usage:
            yield {**start, "choices": [], "usage": usage(prompt, len(written))}

    def _message(self, written: list[Piece]) -> tuple[dict[str, Any], str]:
        content = "".join(piece.text for piece in written)
        finish = FINISH[written[-1].finish or "length"]
        calls = tool_calls_in(content) if self.tools else []
        if calls:
            return {"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls"
        return {"role": "assistant", "content": content}, finish

    def _logprobs(self, writer: Writer, pieces: list[Piece]) -> dict[str, Any] | None:
        if not self.logprobs:
            return None
        return {"content": [_logprob(writer, piece) for piece in pieces]}


def parse(body: Mapping[str, Any]) -> ChatRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    form = object_of("response_format", body.get("response_format")).get("type", "text")
    if form != "text":
        raise NotSupportedError(
            "response_format: this hub cannot force a form yet; ask for it in the messages."
        )
    logprobs = flag("logprobs", body.get("logprobs") or False)
    top = body.get("top_logprobs")
    if top is not None and not logprobs:
        raise InvalidRequestError("top_logprobs: needs logprobs to be true.")
    alternatives = 0 if top is None else whole_number("top_logprobs", top, low=0, high=20)
    return ChatRequest(
        read_common(body, _OWN, tokens=_MAX_TOKENS, alternatives=alternatives),
        read_messages(body.get("messages")),
        read_tools(body),
        logprobs,
    )


def _number(message: dict[str, Any]) -> None:
    for index, call in enumerate(message.get("tool_calls", [])):
        call["index"] = index


def _logprob(writer: Writer, piece: Piece) -> dict[str, Any]:
    return {
        "token": writer.token_text(piece.choice.token),
        "logprob": piece.choice.logprob,
        "top_logprobs": [
            {"token": writer.token_text(token), "logprob": logprob}
            for token, logprob in piece.choice.alternatives
        ],
    }
