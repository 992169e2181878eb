"""Texts that are being written: each blocks a thread of its own, so the event loop never waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from phub_jupyter.compute.inference.pipelines import StreamingPipeline, TokenCount
from phub_jupyter.errors import OverloadedError

__all__ = ["Generations"]

_END = object()


class Generations:
    """At most ``count`` texts at a time, of all models together; more are refused."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._active = 0
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="generate")

    async def pieces(
        self, pipeline: StreamingPipeline, request: Any, count: TokenCount
    ) -> AsyncGenerator[Any]:
        """What the pipeline yields, as it comes; leaving the loop early stops the pipeline.

        Tokens are added to ``count``.

        Raises OverloadedError when too many texts are being written already.
        """
        if self._active >= self._count:
            raise OverloadedError(
                f"The hub is writing {self._active} texts already; try again later.", retry_after=2
            )
        self._active += 1
        stop = threading.Event()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        work = asyncio.get_running_loop().run_in_executor(
            self._threads,
            _drain,
            pipeline.generate(request, stop.is_set, count),
            stop,
            _sender(queue),
        )
        work.add_done_callback(lambda done: self._finished(done, queue))
        try:
            while (piece := await queue.get()) is not _END:
                yield piece
            await work  # raises what the pipeline raised
        finally:
            stop.set()
            if not work.done():
                await asyncio.wait({work})

    def _finished(self, work: asyncio.Future[None], queue: asyncio.Queue[Any]) -> None:
        self._active -= 1
        if not work.cancelled():
            work.exception()  # whoever left early does not want to hear of it
        queue.put_nowait(_END)


def _sender(queue: asyncio.Queue[Any]) -> Any:
    loop = asyncio.get_running_loop()
    return lambda piece: loop.call_soon_threadsafe(queue.put_nowait, piece)


def _drain(pieces: Iterator[Any], stop: threading.Event, send: Any) -> None:
    for piece in pieces:
        if stop.is_set():
            break
        send(piece)
