"""The worker program: runs models for the hub, in a process of its own.

``python -m phub_jupyter.compute.inference.worker --fd N`` answers frames on the connected Unix
socket that it inherits as file descriptor ``N``. Requests carry an ``id`` and are answered in any
order. When the other end closes, which also happens when the hub dies, the worker ends at once.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.batcher import BatchLimits, Lanes
from phub_jupyter.compute.inference.generations import Generations
from phub_jupyter.compute.inference.memory import Memory, default_limit
from phub_jupyter.compute.inference.models import Models
from phub_jupyter.compute.inference.pipelines import TokenCount, task_module
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText, use_copies
from phub_jupyter.compute.inference.threads import in_thread
from phub_jupyter.errors import HubError, InvalidRequestError, StorageError
from phub_jupyter.frames import answer_to_frame, error_to_json, read_frame, write_frame

__all__ = ["Worker", "main"]

_LOG = logging.getLogger("phub.worker")
_LONG = 20_000  # characters of a call that is not tokenised together with the others


class Worker:
    """Answers the frames of one connection."""

    def __init__(self, models: Models, generations: Generations) -> None:
        self._models = models
        self._generations = generations
        # Half a book takes seconds, in which nobody else should have to wait.
        self._tokenisers = ThreadPoolExecutor(1, "tokenise")
        self._long_texts = ThreadPoolExecutor(1, "tokenise-long", initializer=use_copies)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the other side closes the connection."""
        watch = asyncio.create_task(self._watch_idle())
        try:
            while True:
                self._take(await read_frame(reader), writer)
        except EOFError:
            pass
        finally:
            watch.cancel()
            for task in self._tasks.values():
                task.cancel()

    async def _watch_idle(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._models.let_go_idle()

    def _take(self, frame: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        number = frame["id"]
        if frame["op"] == "cancel":
            begun = self._tasks.get(number)
            if begun is None or not begun.cancel():  # the answer has crossed it
                write_frame(writer, {"id": number, "gone": True})
            return
        task = asyncio.create_task(self._answer(frame, writer))
        self._tasks[number] = task
        task.add_done_callback(lambda task: self._ended(task, number, writer))

    def _ended(self, task: asyncio.Task[None], number: int, writer: asyncio.StreamWriter) -> None:
        del self._tasks[number]
        if task.cancelling():  # even if it ended otherwise: whoever has left waits for this
            write_frame(writer, {"id": number, "gone": True})

    async def _answer(self, frame: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        number = frame["id"]
        try:
            write_frame(writer, {"id": number, **await self._perform(frame, writer)})
        except HubError as error:
            write_frame(writer, {"id": number, "error": error_to_json(error)})
        except Exception as error:
            _LOG.exception("request failed")
            failure = StorageError(f"The model failed: {type(error).__name__}: {error}")
            write_frame(writer, {"id": number, "error": error_to_json(failure)})
        await writer.drain()

    async def _perform(self, frame: dict[str, Any], writer: asyncio.StreamWriter) -> dict[str, Any]:
        if frame["op"] == "infer":
            return await self._infer(frame, writer)
        if frame["op"] == "health":
            return {"result": {"models": self._models.describe()}}
        raise InvalidRequestError(f"op: '{frame['op']}' is unknown; use infer or health.")

    async def _infer(self, frame: dict[str, Any], writer: asyncio.StreamWriter) -> dict[str, Any]:
        count = TokenCount()
        answer = await self._answer_counted(frame, writer, count)
        return {**answer, "tokens": [count.read, count.written]}

    async def _answer_counted(
        self, frame: dict[str, Any], writer: asyncio.StreamWriter, count: TokenCount
    ) -> dict[str, Any]:
        request = task_module(frame["task"]).parse(frame["body"])
        async with self._models.use(frame["task"], Path(frame["folder"])) as model:
            if model.batcher is None:
                pieces = self._generations.pieces(model.pipeline, request, count)
                return await self._generate(pieces, frame, writer)
            is_long = _characters(frame["body"]) > _LONG
            executor = self._long_texts if is_long else self._tokenisers
            items = await in_thread(executor, model.pipeline.tokenise, request)
            count.read = sum(item.length for item in items if isinstance(item, TokenisedText))
            outputs = await model.batcher.submit(items)
            return answer_to_frame(model.pipeline.shape(request, outputs))

    async def _generate(
        self, pieces: AsyncGenerator[Any], frame: dict[str, Any], writer: asyncio.StreamWriter
    ) -> dict[str, Any]:
        piece: Any = None
        async with aclosing(pieces):
            async for piece in pieces:
                if frame.get("stream"):
                    write_frame(writer, {"id": frame["id"], "piece": piece})
                    await writer.drain()
        return {"end": True} if frame.get("stream") else answer_to_frame(piece)


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 0


async def _run(arguments: argparse.Namespace) -> None:
    import torch

    torch.set_num_threads(1)  # a lane is one thread; more lanes, not more threads, use more cores
    connection = socket.socket(fileno=arguments.fd)
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    models = Models(
        Lanes(arguments.lanes),
        count=arguments.max_models,
        memory=Memory(arguments.max_memory),
        idle_seconds=arguments.idle_seconds,
        limits=BatchLimits(waiting=arguments.max_waiting),
    )
    await Worker(models, Generations(arguments.max_streams)).serve(reader, writer)
    os._exit(0)  # a thread that is computing would hold a normal exit up


def _default_lanes() -> int:
    return min(4, os.cpu_count() or 1)


def main() -> None:
    """Run the program; returns never."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="connected socket to answer on")
    parser.add_argument(
        "--lanes", type=int, default=_default_lanes(), help="threads that run models"
    )
    parser.add_argument("--max-models", type=int, default=8, help="models held at a time")
    parser.add_argument(
        "--max-memory", type=int, default=default_limit(), help="bytes that this process may use"
    )
    parser.add_argument("--max-waiting", type=int, default=1024, help="texts waiting for a model")
    parser.add_argument("--max-streams", type=int, default=64, help="texts written at a time")
    parser.add_argument("--idle-seconds", type=float, default=300, help="then a model is let go")
    logging.basicConfig(format="phub worker: %(message)s")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
