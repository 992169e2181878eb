"""Batches: who goes together, in which order answers come back, what happens when too many wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from phub_jupyter.compute.inference.batcher import Batcher, BatchLimits, Lanes, choose
from phub_jupyter.errors import OverloadedError


@dataclass(frozen=True)
class Word:
    text: str

    @property
    def length(self) -> int:
        return len(self.text)


class Recorder:
    """A model that shouts, and remembers its batches; ``gate`` holds it up."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.most_at_once = 0
        self._running = 0
        self._lock = threading.Lock()

    def run(self, items: Sequence[Word]) -> list[str]:
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        self.gate.wait(10)
        with self._lock:
            self.batches.append([item.text for item in items])
            self._running -= 1
        if any(item.text == "boom" for item in items):
            raise ValueError("boom")
        return [item.text.upper() for item in items]


def words(*lengths: int) -> list[Word]:
    return [Word(chr(ord("a") + index % 26) * length) for index, length in enumerate(lengths)]


async def until_waiting(batcher: Batcher[Word, str], count: int) -> None:
    async with asyncio.timeout(10):
        while batcher.waiting != count:
            await asyncio.sleep(0.001)


def test_a_batch_takes_the_neighbours_in_length_first() -> None:
    lengths = [4, 5, 30, 31, 32, 200]
    assert choose(lengths, 3, BatchLimits()) == range(2, 5)
    assert choose(lengths, 0, BatchLimits()) == range(2)
    assert choose(lengths, 5, BatchLimits()) == range(5, 6)


@pytest.mark.parametrize("anchor", [0, 50, 99])
def test_a_batch_respects_every_limit(anchor: int) -> None:
    limits = BatchLimits(items=8, tokens=300, fill=0.9)
    lengths = sorted((index * 37) % 60 + 1 for index in range(100))
    part = choose(lengths, anchor, limits)
    chosen = [lengths[index] for index in part]
    padded = max(chosen) * len(chosen)
    assert anchor in part
    assert len(chosen) <= 8
    assert padded <= 300
    assert sum(chosen) >= 0.9 * padded
    assert len(chosen) > 1


def test_a_text_longer_than_the_limit_still_runs_alone() -> None:
    assert choose([5000], 0, BatchLimits(tokens=2048)) == range(1)


def test_answers_come_back_in_the_order_of_the_request() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        batcher = Batcher(recorder.run, Lanes(1))
        items = words(90, 4, 20, 5, 21, 89)
        assert await batcher.submit(items) == [item.text.upper() for item in items]
        assert sorted(map(len, recorder.batches)) == [2, 2, 2]

    asyncio.run(scenario())


def test_texts_that_arrive_while_the_lane_is_busy_go_together() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        recorder.gate.clear()
        batcher = Batcher(recorder.run, Lanes(1))
        first = asyncio.create_task(batcher.submit(words(10)))
        await asyncio.sleep(0.05)  # the lane has it now
        others = [asyncio.create_task(batcher.submit(words(10))) for _ in range(5)]
        await until_waiting(batcher, 5)
        recorder.gate.set()
        await asyncio.gather(first, *others)
        assert [len(batch) for batch in recorder.batches] == [1, 5]

    asyncio.run(scenario())


def test_an_odd_length_is_not_starved_by_common_ones() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        recorder.gate.clear()
        batcher = Batcher(recorder.run, Lanes(1), BatchLimits(items=4))
        tasks = [asyncio.create_task(batcher.submit(words(10)))]
        await asyncio.sleep(0.05)
        tasks.append(asyncio.create_task(batcher.submit(words(500))))
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(batcher.submit(words(10))) for _ in range(12)]
        await until_waiting(batcher, 13)
        recorder.gate.set()
        await asyncio.gather(*tasks)
        assert len(recorder.batches[1][0]) == 500

    asyncio.run(scenario())


def test_a_full_queue_refuses_with_a_time_to_come_back() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        recorder.gate.clear()
        batcher = Batcher(recorder.run, Lanes(1), BatchLimits(waiting=3))
        tasks = [asyncio.create_task(batcher.submit(words(10)))]
        await asyncio.sleep(0.05)
        tasks += [asyncio.create_task(batcher.submit(words(10))) for _ in range(3)]
        await until_waiting(batcher, 3)
        with pytest.raises(OverloadedError, match="3 texts waiting") as refusal:
            await batcher.submit(words(10))
        assert refusal.value.retry_after >= 1
        recorder.gate.set()
        await asyncio.gather(*tasks)
        assert await batcher.submit(words(3)) == ["AAA"]

    asyncio.run(scenario())


def test_a_failing_batch_fails_its_own_callers_only() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        batcher = Batcher(recorder.run, Lanes(1))
        with pytest.raises(ValueError, match="boom"):
            await batcher.submit([Word("boom"), Word("also")])
        assert await batcher.submit(words(2)) == ["AA"]
        assert batcher.waiting == 0

    asyncio.run(scenario())


def test_texts_of_a_caller_that_left_are_not_run() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        recorder.gate.clear()
        batcher = Batcher(recorder.run, Lanes(1))
        first = asyncio.create_task(batcher.submit(words(10)))
        await asyncio.sleep(0.05)
        gone = asyncio.create_task(batcher.submit([Word("gone")]))
        stays = asyncio.create_task(batcher.submit([Word("stay")]))
        await until_waiting(batcher, 2)
        gone.cancel()
        await asyncio.sleep(0)
        recorder.gate.set()
        assert await stays == ["STAY"]
        await first
        assert ["gone"] not in recorder.batches
        assert recorder.batches[1] == ["stay"]

    asyncio.run(scenario())


def test_two_lanes_run_two_batches_at_once_and_two_models_share_them() -> None:
    async def scenario() -> None:
        lanes = Lanes(2)
        left, right = Recorder(), Recorder()
        left.gate.clear()
        one, two = Batcher(left.run, lanes), Batcher(right.run, lanes)
        stuck = [asyncio.create_task(one.submit(words(10))) for _ in range(1)]
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(two.submit(words(3)), 5) == ["AAA"]
        stuck.append(asyncio.create_task(one.submit(words(90))))
        await asyncio.sleep(0.05)
        left.gate.set()
        await asyncio.gather(*stuck)
        assert left.most_at_once == 2

    asyncio.run(scenario())
