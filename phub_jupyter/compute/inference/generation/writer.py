"""A loaded language model as the pipelines use it: a prompt in, written pieces out."""

from __future__ import annotations

import copy
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.generation.engine import Engine, EngineLimits, Writing
from phub_jupyter.compute.inference.generation.passes import passes_for
from phub_jupyter.compute.inference.generation.sampling import Choice, Sampling
from phub_jupyter.compute.inference.generation.template import ChatTemplate
from phub_jupyter.compute.inference.generation.text import TextStream
from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines import TokenCount
from phub_jupyter.compute.inference.precision import place_writer
from phub_jupyter.errors import InvalidRequestError

__all__ = ["Piece", "Writer", "load_writer"]

_LOOK_AROUND = 0.1
_LONG = 20_000  # characters
_MEMORY = 1024**3
_PATIENCE = 240.0
"""Seconds for one text; it ends then as if it had reached its length."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One token and what it adds to the text; the last one has a ``finish``.

    The reasons are ``length``, ``eos_token`` and ``stop_sequence``.
    """

    text: str
    choice: Choice
    finish: str | None = None


class Writer:
    """A language model with its tokenizer, its chat template and the engine that runs it."""

    def __init__(self, model: Any, tokenizer: Any, limits: EngineLimits | None = None) -> None:
        self._tokenizer = tokenizer
        self._encoding = threading.Lock()  # a fast tokenizer refuses to be used by two at a time
        self._encoding_long = threading.Lock()
        self._long_tokenizer: Any = None
        self._model = model
        self.positions = _positions(model)
        passes = passes_for(model)
        self._joint = passes.shares
        self._ends = _ends(model, tokenizer)
        limits = limits or EngineLimits(tokens=_memory(model) // _bytes_per_token(model))
        self._engine = Engine(lambda: passes(model), self._ends, limits)
        self._template = _template(tokenizer)
        self._count = TokenCount()

    def counted(self, count: TokenCount) -> Writer:
        """The same writer, which adds what it reads and writes to ``count``."""
        found = copy.copy(self)
        found._count = count
        return found

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return {
            "device": str(self._model.device),
            "precision": str(self._model.dtype).removeprefix("torch."),
            "max_tokens": self.positions,
            "joint": self._joint,
            "writing": self._engine.writing,
            "waiting": self._engine.waiting,
            "chat": self._template is not None,
        }

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """The tokens of a prompt, which must leave room for at least one more.

        Raises InvalidRequestError.
        """
        tokens = self._tokens(text, special)
        if not tokens:
            raise InvalidRequestError("inputs: the model's tokenizer finds nothing in the text.")
        if len(tokens) >= self.positions:
            raise InvalidRequestError(
                f"inputs: {len(tokens)} tokens leave no room for an answer, as the model takes "
                f"{self.positions} in all; send less text."
            )
        return [int(token) for token in tokens]

    def _tokens(self, text: str, special: bool) -> list[int]:
        if len(text) <= _LONG:
            with self._encoding:
                return list(self._tokenizer(text, add_special_tokens=special)["input_ids"])
        with self._encoding_long:  # which takes seconds, in which nobody else should wait
            if self._long_tokenizer is None:
                self._long_tokenizer = copy.deepcopy(self._tokenizer)
            return list(self._long_tokenizer(text, add_special_tokens=special)["input_ids"])

    def chat_prompt(self, messages: Sequence[dict[str, Any]], **variables: Any) -> str:
        """The prompt for a chat. Raises InvalidRequestError."""
        if self._template is None:
            raise InvalidRequestError(
                "model: it has no chat template; call it as text-generation, or add "
                "chat_template.jinja to its repository."
            )
        return self._template.render(messages, add_generation_prompt=True, **variables)

    def token_text(self, token: int) -> str:
        """A token by itself."""
        return str(self._tokenizer.decode([token]))

    def is_special(self, token: int) -> bool:
        """Whether a token is a mark rather than a part of the text."""
        return token in self._tokenizer.all_special_ids

    def _advised(self, sampling: Sampling) -> Sampling:
        advice = self._model.generation_config
        if sampling.temperature is not None:
            return sampling
        if not advice.do_sample:
            return replace(sampling, temperature=0.0)
        return replace(
            sampling,
            temperature=float(advice.temperature or 1.0),
            top_k=int(advice.top_k) if advice.top_k else None,
            top_p=float(advice.top_p) if advice.top_p else None,
        )

    def write(
        self,
        prompt: Sequence[int],
        sampling: Sampling,
        stops: Sequence[str],
        cancelled: Callable[[], bool],
    ) -> Iterator[Piece]:
        """Write on from the prompt, a token at a time; whoever leaves early ends it."""
        sampling = self._advised(sampling)
        room = self.positions - len(prompt)
        sampling = replace(sampling, max_new_tokens=min(sampling.max_new_tokens, room))
        writing = self._engine.submit(prompt, sampling)
        self._count.read += len(prompt)
        stream = TextStream(self._tokenizer, stops)
        deadline = time.monotonic() + _PATIENCE
        try:
            for count, choice in enumerate(_choices(writing, cancelled), 1):
                self._count.written += 1
                ended = choice.token in self._ends
                text = "" if ended else stream.add(choice.token)
                late = count == sampling.max_new_tokens or time.monotonic() > deadline
                finish = _reason(ended, stream.stopped, late)
                if finish is not None:
                    text += stream.end()
                    finish = _reason(ended, stream.stopped, late)
                yield Piece(text, choice, finish)
                if finish is not None:
                    return
        finally:
            writing.cancelled = True


def load_writer(folder: Path) -> Writer:
    """Load the language model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    model, tokenizer = load_parts(folder, "AutoModelForCausalLM")
    return Writer(place_writer(model), tokenizer)


def _choices(writing: Writing, cancelled: Callable[[], bool]) -> Iterator[Choice]:
    while not cancelled():
        try:
            found = writing.tokens.get(timeout=_LOOK_AROUND)
        except queue.Empty:
            continue
        if found is None:
            return
        if isinstance(found, Exception):
            raise found
        yield found


def _reason(ended: bool, stopped: bool, late: bool) -> str | None:
    if stopped:
        return "stop_sequence"
    if ended:
        return "eos_token"
    return "length" if late else None


def _bytes_per_token(model: Any) -> int:
    """What the model remembers of each token: a key and a value in every layer."""
    config = model.config.get_text_config()
    heads = int(getattr(config, "num_key_value_heads", None) or config.num_attention_heads)
    size = int(
        getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    )
    return 2 * int(config.num_hidden_layers) * heads * size * int(model.dtype.itemsize)


def _memory(model: Any) -> int:
    """How many bytes the model's memory of texts may take."""
    import torch

    if model.device.type != "cuda":
        return _MEMORY
    total = int(torch.cuda.get_device_properties(model.device).total_memory)
    return max(_MEMORY, total // 4)


def _positions(model: Any) -> int:
    config = model.config.get_text_config()
    return int(getattr(config, "max_position_embeddings", None) or 2048)


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    found: set[int] = set()
    for value in (model.generation_config.eos_token_id, tokenizer.eos_token_id):
        if isinstance(value, list):
            found.update(value)
        elif value is not None:
            found.add(value)
    return frozenset(found)


def _template(tokenizer: Any) -> ChatTemplate | None:
    if not tokenizer.chat_template:
        return None
    words = {name: str(value) for name, value in tokenizer.special_tokens_map.items()}
    return ChatTemplate(tokenizer.get_chat_template(), words)
