"""The worker program: a real process on a real socket."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from phub_jupyter.compute.inference.connection import Connection
from phub_jupyter.compute.inference.engine import EngineLimits, InferenceEngine
from phub_jupyter.frames import read_frame, write_frame
from tests.compute.tiny_classifier import make_classifier

PROGRAM = [sys.executable, "-m", "phub_jupyter.compute.inference.worker"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("models")
    return [make_classifier(root / f"model-{seed}", seed=seed) for seed in range(2)]


class Talk:
    """The parent's end of a worker."""

    def __init__(
        self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.pid = pid
        self.reader = reader
        self.writer = writer

    def send(self, number: int, **fields: Any) -> None:
        write_frame(self.writer, {"id": number, **fields})

    def infer(
        self,
        number: int,
        folder: Path,
        inputs: Any,
        *,
        task: str = "text-classification",
        parameters: dict[str, Any] | None = None,
    ) -> None:
        body = {"inputs": inputs, "parameters": parameters}
        self.send(number, op="infer", folder=str(folder), task=task, body=body)

    async def answers(self, count: int) -> dict[int, dict[str, Any]]:
        frames = [await asyncio.wait_for(read_frame(self.reader), 60) for _ in range(count)]
        return {frame["id"]: frame for frame in frames}

    async def loaded(self) -> set[str]:
        self.send(0, op="health")
        health = (await self.answers(1))[0]
        return {Path(model["folder"]).name for model in health["result"]["models"]}


@asynccontextmanager
async def worker(*options: str) -> AsyncIterator[Talk]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [*PROGRAM, "--fd", str(theirs.fileno()), *options], pass_fds=(theirs.fileno(),)
        )
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    try:
        yield Talk(process.pid, reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()
        assert await asyncio.to_thread(process.wait, 20) == 0


def play(scenario: Callable[[Talk], Awaitable[None]], *options: str) -> None:
    async def run() -> None:
        async with worker(*options) as talk:
            await scenario(talk)

    asyncio.run(run())


def test_requests_are_multiplexed_and_a_bad_one_spoils_no_other(folders: list[Path]) -> None:
    async def scenario(talk: Talk) -> None:
        talk.infer(1, folders[0], ["a good film", "dull"])
        talk.infer(2, folders[0], "")
        talk.infer(3, folders[1], "a good film", parameters={"top_k": 1})
        talk.infer(4, folders[0], "x", task="dance")
        talk.infer(5, folders[0].parent / "none", "x")
        talk.send(6, op="dance")
        answers = await talk.answers(6)
        assert [len(labels) for labels in answers[1]["result"]] == [3, 3]
        assert answers[2]["error"]["code"] == "InvalidRequest"
        assert len(answers[3]["result"][0]) == 1
        assert answers[4]["error"]["code"] == "NotSupported"
        assert "config.json" in answers[5]["error"]["message"]
        assert "op: 'dance' is unknown" in answers[6]["error"]["message"]
        assert await talk.loaded() == {"model-0", "model-1"}

    play(scenario)


def test_the_model_used_longest_ago_makes_room(folders: list[Path]) -> None:
    async def scenario(talk: Talk) -> None:
        for number, folder in enumerate(folders, 1):
            talk.infer(number, folder, "good")
            await talk.answers(1)
        assert await talk.loaded() == {"model-1"}
        talk.infer(9, folders[0], "good")
        assert "result" in (await talk.answers(1))[9]
        assert await talk.loaded() == {"model-0"}

    play(scenario, "--max-models", "1")


def test_a_worker_beyond_its_memory_lets_go_of_what_nobody_uses(folders: list[Path]) -> None:
    async def bare() -> int:
        async with worker() as talk:
            await talk.loaded()
            return int(psutil.Process(talk.pid).memory_info().rss)

    async def scenario(talk: Talk) -> None:
        talk.infer(1, folders[0], "good")  # this loads transformers, which is too much already
        assert "result" in (await talk.answers(1))[1]
        async with asyncio.timeout(20):
            while await talk.loaded():
                await asyncio.sleep(0.1)
        talk.infer(2, folders[0], "good")
        assert "result" in (await talk.answers(1))[2]

    play(scenario, "--max-memory", str(asyncio.run(bare()) + 20_000_000))


def test_a_model_too_large_for_the_worker_is_refused_before_it_is_read(
    folders: list[Path], tmp_path: Path
) -> None:
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(40_000_000_000)  # a hole, which takes no disk

    async def scenario(talk: Talk) -> None:
        talk.infer(1, tmp_path, "good")
        error = (await talk.answers(1))[1]["error"]
        assert error["code"] == "InvalidRequest"
        assert error["message"].startswith("model: its weights take 40.0 GB, more than the ")
        talk.infer(2, folders[0], "good")
        assert "result" in (await talk.answers(1))[2]

    play(scenario, "--max-memory", "8000000000")


def test_an_idle_model_is_let_go_and_loads_again(folders: list[Path]) -> None:
    async def scenario(talk: Talk) -> None:
        talk.infer(1, folders[0], "good")
        first = (await talk.answers(1))[1]["result"]
        assert await talk.loaded() == {"model-0"}
        async with asyncio.timeout(20):
            while await talk.loaded():
                await asyncio.sleep(0.1)
        talk.infer(2, folders[0], "good")
        assert (await talk.answers(1))[2]["result"] == first

    play(scenario, "--idle-seconds", "1")


def test_more_texts_than_may_wait_are_refused_with_a_time_to_come_back(
    folders: list[Path],
) -> None:
    async def scenario(talk: Talk) -> None:
        talk.infer(1, folders[0], ["good"] * 5)
        error = (await talk.answers(1))[1]["error"]
        assert error["code"] == "Overloaded"
        assert error["retry_after"] >= 1
        talk.infer(2, folders[0], ["good"] * 4)
        assert len((await talk.answers(1))[2]["result"]) == 4

    play(scenario, "--max-waiting", "4")


def test_half_a_book_holds_nobody_up(folders: list[Path]) -> None:
    book = "a good film was not very long " * 33_000

    async def scenario(talk: Talk) -> None:
        talk.infer(0, folders[0], [book, "dull"], parameters={"top_k": 1})
        alone = (await talk.answers(1))[0]
        talk.infer(1, folders[0], [book, "dull"], parameters={"top_k": 1})
        await asyncio.sleep(0.05)  # by now it is being tokenised
        for number in range(2, 22):
            talk.infer(number, folders[0], "a good film")
        before = await talk.answers(20)
        assert set(before) == set(range(2, 22))
        late = (await talk.answers(1))[1]
        assert [labels[0]["label"] for labels in late["result"]] == [
            labels[0]["label"] for labels in alone["result"]
        ]
        assert late["tokens"] == alone["tokens"]
        assert late["tokens"][0] > 64  # which is as much as the model sees of the book

    play(scenario)


def test_whoever_leaves_is_told_when_their_work_has_ended(folders: list[Path]) -> None:
    async def scenario(talk: Talk) -> None:
        talk.infer(1, folders[0], "good")
        assert (await talk.answers(1))[1]["tokens"] == [3, 0]
        talk.send(1, op="cancel")  # which has crossed the answer
        assert await talk.answers(1) == {1: {"id": 1, "gone": True}}
        talk.infer(2, folders[0], "good")
        talk.send(2, op="cancel")  # before it has begun
        assert await talk.answers(1) == {2: {"id": 2, "gone": True}}
        talk.infer(3, folders[0], "a good film " * 80_000)
        await asyncio.sleep(0.05)
        talk.send(3, op="cancel")
        assert await talk.answers(1) == {3: {"id": 3, "gone": True}}
        talk.infer(4, folders[1], "good")  # which is not loaded yet
        await asyncio.sleep(0.005)
        talk.send(4, op="cancel")
        assert await talk.answers(1) == {4: {"id": 4, "gone": True}}
        assert await talk.loaded() == {"model-0", "model-1"}

    play(scenario)


def test_whoever_leaves_in_the_moment_of_the_answer_is_told_too() -> None:
    async def scenario() -> None:
        program = Connection(InferenceEngine(EngineLimits()))
        ours, theirs = socket.socketpair()
        reader, hers = await asyncio.open_unix_connection(sock=ours)
        _, writer = await asyncio.open_unix_connection(sock=theirs)
        program._take({"id": 1, "op": "nothing"}, writer)
        await asyncio.sleep(0)  # it has answered, and is not forgotten yet
        assert [task.done() for task in program._tasks.values()] == [True]
        program._take({"id": 1, "op": "cancel"}, writer)
        assert "error" in await read_frame(reader)
        assert await asyncio.wait_for(read_frame(reader), 10) == {"id": 1, "gone": True}
        for end in (hers, writer):
            end.close()
            await end.wait_closed()

    asyncio.run(scenario())


def test_a_frame_out_of_step_ends_the_worker() -> None:
    async def scenario(talk: Talk) -> None:
        talk.writer.write(b"\xff\xff\xff\xff" + b"garbage")
        assert await asyncio.wait_for(talk.reader.read(), 30) == b""

    play(scenario)


_PARENT = f"""
import socket, subprocess, sys, time
ours, theirs = socket.socketpair()
child = subprocess.Popen({PROGRAM!r} + ["--fd", str(theirs.fileno())], pass_fds=(theirs.fileno(),))
theirs.close()
print(child.pid, flush=True)
time.sleep(60)
"""


def test_the_worker_dies_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        os.kill(parent.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs([child], timeout=30)
    assert not alive
