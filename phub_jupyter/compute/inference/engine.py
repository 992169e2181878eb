"""Answers calls with the models that this process holds; the same here and in a cluster."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.batcher import BatchLimits, Lanes
from phub_jupyter.compute.inference.connection import Send
from phub_jupyter.compute.inference.generations import Generations
from phub_jupyter.compute.inference.memory import Memory, default_limit
from phub_jupyter.compute.inference.models import Models
from phub_jupyter.compute.inference.pipelines import TokenCount, task_module
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText, use_copies
from phub_jupyter.compute.inference.threads import in_thread
from phub_jupyter.frames import answer_to_frame

__all__ = ["EngineLimits", "InferenceEngine", "default_lanes"]

_LONG = 20_000  # characters of a call that is not tokenised together with the others


def default_lanes() -> int:
    """A lane for each processor, and not more than four."""
    return min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How much an engine does and holds at a time.

    ``lanes`` are the threads that run models, ``models`` those held, ``memory`` the bytes of the
    whole process, ``waiting`` the texts that wait for a model, ``streams`` the texts written at a
    time; a model that nobody used for ``idle_seconds`` is let go.
    """

    lanes: int = field(default_factory=default_lanes)
    models: int = 8
    memory: int = field(default_factory=default_limit)
    waiting: int = 1024
    streams: int = 64
    idle_seconds: float = 300


class InferenceEngine:
    """Belongs to the event loop that it is made in."""

    def __init__(self, limits: EngineLimits) -> None:
        import torch

        torch.set_num_threads(1)  # a lane is one thread; more lanes, not more threads, use more
        self._models = Models(
            Lanes(limits.lanes),
            count=limits.models,
            memory=Memory(limits.memory),
            idle_seconds=limits.idle_seconds,
            limits=BatchLimits(waiting=limits.waiting),
        )
        self._generations = Generations(limits.streams)
        # Half a book takes seconds, in which nobody else should have to wait.
        self._tokenisers = ThreadPoolExecutor(1, "tokenise")
        self._long_texts = ThreadPoolExecutor(1, "tokenise-long", initializer=use_copies)

    async def load(self, task: str, folder: Path) -> None:
        """Have the model in ``folder`` ready for the first call. Raises as a call would."""
        async with self._models.use(task, folder):
            pass

    async def answer(self, call: Mapping[str, Any], send: Send | None) -> dict[str, Any]:
        """The last frame of the answer to a ``task`` for a ``body`` by the model in a ``folder``.

        With ``send`` the pieces of a written text go there one by one, and the last frame is an
        end. Raises what is wrong with the call or the model.
        """
        count = TokenCount()
        answer = await self._answer_counted(call, send, count)
        return {**answer, "tokens": [count.read, count.written]}

    async def health(self) -> dict[str, Any]:
        """What is loaded."""
        return {"models": self._models.describe()}

    def tick(self) -> None:
        """Let idle models go."""
        self._models.let_go_idle()

    async def _answer_counted(
        self, call: Mapping[str, Any], send: Send | None, count: TokenCount
    ) -> dict[str, Any]:
        request = task_module(call["task"]).parse(call["body"])
        async with self._models.use(call["task"], Path(call["folder"])) as model:
            if model.batcher is None:
                pieces = self._generations.pieces(model.pipeline, request, count)
                return await _generate(pieces, send)
            is_long = _characters(call["body"]) > _LONG
            executor = self._long_texts if is_long else self._tokenisers
            items = await in_thread(executor, model.pipeline.tokenise, request)
            count.read = sum(item.length for item in items if isinstance(item, TokenisedText))
            outputs = await model.batcher.submit(items)
            return answer_to_frame(model.pipeline.shape(request, outputs))


async def _generate(pieces: AsyncGenerator[Any], send: Send | None) -> dict[str, Any]:
    piece: Any = None
    async with aclosing(pieces):
        async for piece in pieces:
            if send is not None:
                await send(piece)
    return {"end": True} if send is not None else answer_to_frame(piece)


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 0
