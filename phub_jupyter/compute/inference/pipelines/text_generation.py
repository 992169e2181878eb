"""Text generation: a text in, its continuation out, at once or token by token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from phub_jupyter.compute.inference.generation.sampling import Sampling
from phub_jupyter.compute.inference.generation.writer import Piece, Writer, load_writer
from phub_jupyter.compute.inference.pipelines import TokenCount
from phub_jupyter.compute.inference.pipelines.call import (
    flag,
    read_call,
    text,
    texts,
    whole_number,
)
from phub_jupyter.compute.inference.pipelines.sampling_fields import read_sampling
from phub_jupyter.errors import InvalidRequestError

__all__ = ["TextGeneration", "TextGenerationRequest", "WritingRequest", "load", "parse"]

MAX_STOPS = 16
_SAMPLING = (
    *("do_sample", "temperature", "top_k", "top_p", "seed", "repetition_penalty"),
    *("frequency_penalty", "presence_penalty", "top_n_tokens"),
)
_SHAPE = ("max_new_tokens", "stop", "stop_sequences", "return_full_text", "details", "truncate")
_WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    "best_of": (1,),
    "decoder_input_details": (False,),
    "watermark": (False,),
    "typical_p": (1, 1.0),
}


class WritingRequest(Protocol):
    """What any call that writes text knows: its prompt, and the shape of its answer."""

    def answer(self, writer: Writer, cancelled: Callable[[], bool]) -> Iterator[Any]:
        """Write, and yield what the client shall see."""
        ...


class TextGeneration:
    """A loaded language model; completions and chats use the same one."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def generate(
        self, request: WritingRequest, cancelled: Callable[[], bool], count: TokenCount
    ) -> Iterator[Any]:
        """Yield what the client shall see."""
        return request.answer(self.writer.counted(count), cancelled)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return self.writer.describe()


@dataclass(frozen=True, slots=True)
class TextGenerationRequest:
    """A checked call."""

    prompt: str
    sampling: Sampling
    stops: tuple[str, ...] = ()
    stream: bool = False
    details: bool = False
    full_text: bool = False
    truncate: int | None = None

    def answer(self, writer: Writer, cancelled: Callable[[], bool]) -> Iterator[Any]:
        """One event a token, the last of them with the whole text; or one answer."""
        tokens = writer.encode(self.prompt)
        if self.truncate is not None:
            tokens = tokens[-self.truncate :]
        whole = self.prompt if self.full_text else ""
        written = []
        for piece in writer.write(tokens, self.sampling, self.stops, cancelled):
            whole += piece.text
            written.append(piece)
            if self.stream:
                yield self._event(writer, piece, len(written), whole)
        if not self.stream and written:
            answer: dict[str, Any] = {"generated_text": whole}
            if self.details:
                answer["details"] = self._details(writer, written)
            yield [answer]

    def _event(self, writer: Writer, piece: Piece, index: int, whole: str) -> dict[str, Any]:
        event: dict[str, Any] = {
            "index": index,
            "token": _token(writer, piece),
            "generated_text": None,
        }
        if self.sampling.alternatives:
            event["top_tokens"] = _alternatives(writer, piece)
        event["details"] = None
        if piece.finish is not None:
            event["generated_text"] = whole
            event["details"] = {
                "finish_reason": piece.finish,
                "generated_tokens": index,
                "input_length": len(writer.encode(self.prompt)),
                "seed": self.sampling.seed,
            }
        return event

    def _details(self, writer: Writer, written: list[Piece]) -> dict[str, Any]:
        details: dict[str, Any] = {
            "finish_reason": written[-1].finish,
            "generated_tokens": len(written),
            "seed": self.sampling.seed,
            "prefill": [],
            "tokens": [_token(writer, piece) for piece in written],
        }
        if self.sampling.alternatives:
            details["top_tokens"] = [_alternatives(writer, piece) for piece in written]
        return details


def parse(body: Mapping[str, Any]) -> TextGenerationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(
        body,
        parameters=(*_SHAPE, *_SAMPLING, *_WITHOUT_EFFECT),
        top_level=("stream",),
    )
    given = call.parameters
    for name, values in _WITHOUT_EFFECT.items():
        if name in given and given[name] not in values:
            raise InvalidRequestError(
                f"parameters.{name}: this hub has no such thing; leave it out."
            )
    truncate = given.get("truncate")
    return TextGenerationRequest(
        text("inputs", call.inputs),
        read_sampling(given, "parameters.", length="max_new_tokens"),
        read_stops("parameters.stop", given.get("stop") or given.get("stop_sequences")),
        flag("stream", call.extra.get("stream", False)),
        flag("parameters.details", given.get("details", False)),
        flag("parameters.return_full_text", given.get("return_full_text", False)),
        None if truncate is None else whole_number("parameters.truncate", truncate),
    )


def read_stops(name: str, value: Any) -> tuple[str, ...]:
    """The strings that end a text: one, a few, or none."""
    return texts(name, value, limit=MAX_STOPS, blank=True) if value else ()


def load(folder: Path) -> TextGeneration:
    """Load the language model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return TextGeneration(load_writer(folder))


def _token(writer: Writer, piece: Piece) -> dict[str, Any]:
    token = piece.choice.token
    return {
        "id": token,
        "text": piece.text,
        "logprob": piece.choice.logprob,
        "special": writer.is_special(token),
    }


def _alternatives(writer: Writer, piece: Piece) -> list[dict[str, Any]]:
    return [
        {
            "id": token,
            "text": writer.token_text(token),
            "logprob": logprob,
            "special": writer.is_special(token),
        }
        for token, logprob in piece.choice.alternatives
    ]
