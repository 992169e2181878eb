"""The worker process from its parent's side: what is too large, and what is out of step."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from phub_jupyter import frames
from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.frames import read_frame, write_frame
from phub_jupyter.hub.serving.worker_process import Errand, WorkerLostError, WorkerProcess


@asynccontextmanager
async def worker(said: bytes = b"") -> AsyncIterator[WorkerProcess]:
    """A process that would never end by itself, and what it seems to have said."""
    process = await asyncio.create_subprocess_exec("sleep", "600")
    ours, theirs = socket.socketpair()
    with theirs:
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        running = WorkerProcess(process, reader, writer)
        theirs.sendall(said)
        try:
            yield running
        finally:
            theirs.close()
            await running.stop()


@pytest.mark.parametrize("noise", [b"\xff\xff\xff\xff", b"\0\0\0\x01{", b"\0\0\0\x02\xff\xff"])
def test_a_worker_out_of_step_is_ended_and_nobody_waits_for_it(noise: bytes) -> None:
    async def scenario() -> None:
        async with worker(noise) as running:
            with pytest.raises(WorkerLostError, match="ended"):
                await asyncio.wait_for(running.ask("infer", Errand("m", {})), 20)
            assert not running.is_running

    asyncio.run(scenario())


def test_words_of_a_worker_about_calls_that_nobody_knows_do_no_harm() -> None:
    async def scenario() -> None:
        async with worker() as running:
            errand = Errand("m", {})
            asking = asyncio.create_task(running.ask("infer", errand))
            await asyncio.sleep(0)
            running._take({"id": 7, "gone": True})
            running._take({"id": 7, "result": 1, "tokens": [1, 2]})
            running._take({"id": 1, "result": 5, "tokens": [3, 4]})
            assert await asking == 5
            assert (errand.meter.tokens_in, errand.meter.tokens_out) == (3, 4)

    asyncio.run(scenario())


def test_a_message_that_is_too_large_is_refused_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME", 100)

    async def scenario() -> None:
        ours, theirs = socket.socketpair()
        _, writer = await asyncio.open_unix_connection(sock=ours)
        reader, other = await asyncio.open_unix_connection(sock=theirs)
        with pytest.raises(InvalidRequestError, match="send less at a time"):
            write_frame(writer, {"inputs": "x" * 100})
        write_frame(writer, {"inputs": "x"})
        assert await read_frame(reader) == {"inputs": "x"}
        for end in (writer, other):
            end.close()
            await end.wait_closed()

    asyncio.run(scenario())
