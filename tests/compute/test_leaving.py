"""Whoever leaves takes their work along, and what cannot stop at once is waited for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.abandoned import is_abandoned, watched
from phub_jupyter.compute.inference.batcher import Batcher, Lanes
from phub_jupyter.compute.inference.threads import in_thread
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.painters import make_painter
from tests.compute.tiny_models.translators import TASKS, make_t5


@dataclass(frozen=True)
class Word:
    text: str

    @property
    def length(self) -> int:
        return 10


class Steps:
    """A model that goes step by step until it is told that nobody waits."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.ran: list[str] = []

    def run(self, items: Sequence[Word]) -> list[str]:
        self.ran += [item.text for item in items]
        self.begun.set()
        deadline = time.monotonic() + 20
        while not is_abandoned() and time.monotonic() < deadline:
            if all(item.text == "quick" for item in items):
                break
            time.sleep(0.005)
        time.sleep(0.05)  # what cannot be told to stop
        self.ended.set()
        return ["done"] * len(items)


def test_a_batch_that_nobody_waits_for_is_told_and_waited_for() -> None:
    async def scenario() -> None:
        model = Steps()
        batcher = Batcher(model.run, Lanes(1))
        leaving = asyncio.create_task(batcher.submit([Word("slow")]))
        await asyncio.to_thread(model.begun.wait, 10)
        waiting = asyncio.create_task(batcher.submit([Word("never")]))
        await asyncio.sleep(0)
        waiting.cancel()
        leaving.cancel()
        await asyncio.wait({leaving, waiting}, timeout=10)
        assert leaving.cancelled()
        assert waiting.cancelled()
        assert model.ended.is_set()
        assert await batcher.submit([Word("quick")]) == ["done"]
        assert model.ran == ["slow", "quick"]

    asyncio.run(scenario())


def test_a_batch_goes_on_for_those_who_stay() -> None:
    async def scenario() -> None:
        model = Steps()
        batcher = Batcher(model.run, Lanes(1))
        stays = asyncio.create_task(batcher.submit([Word("quick")]))
        leaves = asyncio.create_task(batcher.submit([Word("quick")]))
        await asyncio.to_thread(model.begun.wait, 10)
        leaves.cancel()
        assert await asyncio.wait_for(stays, 10) == ["done"]
        await asyncio.wait({leaves})
        assert leaves.cancelled()
        assert model.ran == ["quick", "quick"]

    asyncio.run(scenario())


def test_work_in_a_thread_is_taken_back_before_its_turn_and_waited_for_after() -> None:
    async def scenario() -> None:
        ran: list[str] = []
        gate = threading.Event()

        def work(name: str) -> None:
            gate.wait(10)
            ran.append(name)

        with ThreadPoolExecutor(1) as executor:
            tasks = [asyncio.create_task(in_thread(executor, work, name)) for name in "ab"]
            await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
            await asyncio.wait({tasks[1]}, timeout=10)
            assert not tasks[0].done()
            gate.set()
            await asyncio.wait(tasks, timeout=10)
        assert all(task.cancelled() for task in tasks)
        assert ran == ["a"]

    asyncio.run(scenario())


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_t5(tmp_path_factory.mktemp("models") / "t5", TASKS)


def test_a_model_that_writes_stops_at_the_next_word(t5: Path) -> None:
    def summary(**parameters: Any) -> str:
        body = {"inputs": "a good film was made in london", "parameters": parameters}
        (answer,) = local.infer(t5, "summarization", body)
        return str(answer["summary_text"])

    settings = {"min_new_tokens": 60, "max_new_tokens": 60}
    whole = summary(**settings)
    with watched(lambda: True):
        cut = summary(**settings)
        beams = summary(**settings, num_beams=3)
    assert len(cut) < len(whole) / 4
    assert len(beams) < len(whole) / 4
    with watched(lambda: False):
        assert summary(**settings) == whole


def test_a_picture_stops_at_the_next_step(tmp_path: Path) -> None:
    folder = make_painter(tmp_path / "painter")
    asked = 0

    def nobody_waits() -> bool:
        nonlocal asked
        asked += 1
        return asked == 2

    sent = {"width": 16, "height": 16, "num_inference_steps": 5}
    with watched(nobody_waits), pytest.raises(InvalidRequestError, match="has left"):
        local.infer(folder, "text-to-image", {"inputs": "a cat", "parameters": sent})
    assert asked == 2
