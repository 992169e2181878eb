"""A program's end of the connection over which the hub hands it calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from phub_jupyter.errors import HubError, InvalidRequestError, StorageError
from phub_jupyter.frames import error_to_json, read_frame, write_frame

__all__ = ["Answering", "Connection", "Send", "refused"]

_LOG = logging.getLogger("phub.worker")

Send = Callable[[Any], Awaitable[None]]
"""Sends a piece of an answer on its way."""


class Answering(Protocol):
    """Whoever answers the calls."""

    async def answer(self, call: dict[str, Any], send: Send | None) -> dict[str, Any]:
        """The last frame of the answer to a call; with ``send``, its pieces go there before."""
        ...

    async def health(self) -> dict[str, Any]:
        """What runs now."""
        ...

    def tick(self) -> None:
        """Tidy up; called every second."""
        ...


class Connection:
    """Answers the frames of one connection, in any order."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the other side closes the connection."""
        clock = asyncio.create_task(self._tick())
        try:
            while True:
                self._take(await read_frame(reader), writer)
        except EOFError:
            pass
        finally:
            clock.cancel()
            for task in self._tasks.values():
                task.cancel()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._answering.tick()

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
        except Exception as error:
            write_frame(writer, {"id": number, **refused(error)})
        await writer.drain()

    async def _perform(self, frame: dict[str, Any], writer: asyncio.StreamWriter) -> dict[str, Any]:
        if frame["op"] == "infer":
            send = _sender(frame["id"], writer) if frame.get("stream") else None
            return await self._answering.answer(frame, send)
        if frame["op"] == "health":
            return {"result": await self._answering.health()}
        raise InvalidRequestError(f"op: '{frame['op']}' is unknown; use infer or health.")


def refused(error: Exception) -> dict[str, Any]:
    """The frame that says why there is no answer."""
    if not isinstance(error, HubError):
        _LOG.error("request failed", exc_info=error)
        error = StorageError(f"The model failed: {type(error).__name__}: {error}")
    return {"error": error_to_json(error)}


def _sender(number: int, writer: asyncio.StreamWriter) -> Send:
    async def send(piece: Any) -> None:
        write_frame(writer, {"id": number, "piece": piece})
        await writer.drain()

    return send
