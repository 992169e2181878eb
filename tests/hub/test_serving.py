"""Serving: one worker for all, and what callers see when it is busy, stuck, killed or idle."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from phub_jupyter.errors import (
    InvalidRequestError,
    NotSupportedError,
    OverloadedError,
    TimedOutError,
)
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.serving.calls import Call
from phub_jupyter.hub.serving.limits import ServingLimits
from phub_jupyter.hub.serving.serving import Serving
from tests.compute.tiny_classifier import make_classifier

COMMIT = "0" * 40


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("models") / "tiny")


class Folders:
    """Hands out one folder for every commit, and counts how often it had to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self.count = 0
        self.others: dict[str, Path] = {}

    def folder(self, repo: Repo, commit: str) -> Path:
        with self._lock:
            self.count += 1
        return self.others.get(commit, self._folder)


class Served:
    """A `Serving` over one model."""

    def __init__(self, model: Path, cache: Path, **options: Any) -> None:
        self.folders = Folders(model)
        self.serving = Serving(self.folders, cache, **options)
        self.repo = Repo(uid="a" * 24, namespace="ada", name="tiny", type="model")

    async def infer(self, inputs: Any, parameters: Any = None, commit: str = COMMIT) -> Any:
        return await self.serving.infer(
            self.repo,
            commit,
            Call("text-classification", {"inputs": inputs, "parameters": parameters}),
        )

    async def pid(self) -> int:
        return int((await self.serving.health())["pid"])

    async def pause(self) -> int:
        """Make the worker hang; its process id."""
        pid = await self.pid()
        os.kill(pid, signal.SIGSTOP)
        return pid


Scenario = Callable[[Served], Awaitable[None]]


@pytest.fixture
def play(model: Path, tmp_path: Path) -> Callable[..., Served]:
    """Run a scenario in an event loop of its own, and stop the worker whatever happened."""

    def run(scenario: Scenario, **options: Any) -> Served:
        served = Served(model, tmp_path / "cache", **options)

        async def whole() -> None:
            try:
                await scenario(served)
            finally:
                await served.serving.stop()

        asyncio.run(whole())
        return served

    return run


def test_one_worker_starts_with_the_first_call_and_answers_all(play: Any) -> None:
    async def scenario(served: Served) -> None:
        assert await served.serving.health() == {"running": False, "calls": 0, "models": []}
        answers = await asyncio.gather(*(served.infer("a good film") for _ in range(20)))
        best = [answer[0][0] for answer in answers]
        assert {entry["label"] for entry in best} == {best[0]["label"]}
        assert [entry["score"] for entry in best] == pytest.approx(
            [best[0]["score"]] * 20, abs=0.02
        )
        health = await served.serving.health()
        assert health["running"]
        assert [model["task"] for model in health["models"]] == ["text-classification"]
        assert len(psutil.Process().children()) == 1

    served = play(scenario)
    assert served.folders.count == 1
    assert psutil.Process().children() == []


def test_a_bad_call_is_refused_with_its_own_error(play: Any) -> None:
    async def scenario(served: Served) -> None:
        with pytest.raises(InvalidRequestError, match="inputs: the text is empty"):
            await served.infer("")
        assert len(await served.infer(["good", "bad"], {"top_k": 1})) == 2

    play(scenario)


def test_a_killed_worker_fails_calls_under_way_and_is_started_again(play: Any) -> None:
    async def scenario(served: Served) -> None:
        before = await served.infer("good")
        pid = await served.pause()
        under_way = asyncio.create_task(served.infer("good"))
        await asyncio.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(OverloadedError, match="killed, perhaps because memory ran out") as lost:
            await asyncio.wait_for(under_way, 20)
        assert lost.value.retry_after >= 1
        assert await served.infer("good") == before
        assert await served.pid() != pid

    play(scenario)


def other_model(served: Served, model: Path, cache: Path) -> str:
    """The commit of a second model."""
    commit = "1" * 40
    served.folders.others[commit] = cache / "other"
    served.folders.others[commit].symlink_to(model)
    return commit


def test_a_call_that_may_not_have_killed_the_worker_is_made_again(
    play: Any, model: Path, tmp_path: Path
) -> None:
    async def scenario(served: Served) -> None:
        other = other_model(served, model, tmp_path)
        before = await served.infer("good")
        pid = await served.pause()
        under_way = [asyncio.create_task(served.infer("good")) for _ in range(3)]
        under_way += [asyncio.create_task(served.infer("good", commit=other)) for _ in range(3)]
        await asyncio.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        answers = await asyncio.wait_for(asyncio.gather(*under_way), 60)
        for answer in answers:
            assert answer[0][0]["label"] == before[0][0]["label"]
        assert await served.pid() != pid

    play(scenario)


def test_a_model_that_kills_the_worker_twice_rests_and_the_others_do_not(
    play: Any, model: Path, tmp_path: Path
) -> None:
    async def scenario(served: Served) -> None:
        other = other_model(served, model, tmp_path)
        for _ in range(2):
            await served.infer("good", commit=other)
            pid = await served.pause()
            under_way = asyncio.create_task(served.infer("good"))
            await asyncio.sleep(0.2)
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(OverloadedError, match="ended"):
                await asyncio.wait_for(under_way, 20)
        with pytest.raises(OverloadedError, match="this one rests for 5 more minutes") as refusal:
            await served.infer("good")
        assert 200 < refusal.value.retry_after <= 300
        await served.infer("good", commit=other)

    play(scenario)


def test_a_stuck_worker_is_replaced_when_patience_ends(play: Any) -> None:
    async def scenario(served: Served) -> None:
        await served.infer("good")
        served.serving.admission.limits = ServingLimits(seconds=1)
        pid = await served.pause()
        with pytest.raises(TimedOutError, match="no answer within 1 seconds"):
            await served.infer("good")
        assert psutil.pid_exists(pid)  # as the work may end yet
        async with asyncio.timeout(20):
            while psutil.pid_exists(pid):
                await asyncio.sleep(0.05)
        served.serving.admission.limits = ServingLimits()
        await served.infer("good")

    play(scenario, patience=1)


def test_work_that_ends_after_its_call_brings_nothing_down(play: Any) -> None:
    async def scenario(served: Served) -> None:
        await served.infer("good")
        pid = await served.pause()
        under_way = asyncio.create_task(served.infer("good"))
        await asyncio.sleep(0.2)
        under_way.cancel()
        await asyncio.wait({under_way})
        workers = served.serving._workers
        assert workers._leaving
        os.kill(pid, signal.SIGCONT)
        async with asyncio.timeout(20):
            while workers._leaving:
                await asyncio.sleep(0.01)
        assert workers._life is not None
        assert not any(workers._life.models.values())
        await served.infer("good")
        assert await served.pid() == pid

    play(scenario, patience=60)


def test_a_caller_who_waits_less_than_the_hub_would_is_told_so(play: Any) -> None:
    async def scenario(served: Served) -> None:
        await served.infer("good")
        pid = await served.pause()
        call = Call("text-classification", {"inputs": "good"}, seconds=0.5)
        with pytest.raises(TimedOutError, match=r"within 0\.5 seconds"):
            await served.serving.infer(served.repo, COMMIT, call)
        os.kill(pid, signal.SIGCONT)
        await served.infer("good")
        assert await served.pid() == pid

    play(scenario)


def test_calls_beyond_the_limit_are_refused_at_once(play: Any) -> None:
    async def scenario(served: Served) -> None:
        await served.infer("good")
        pid = await served.pause()
        under_way = [asyncio.create_task(served.infer("good")) for _ in range(3)]
        await asyncio.sleep(0.2)
        with pytest.raises(OverloadedError, match="3 calls") as refusal:
            await served.infer("good")
        assert refusal.value.retry_after >= 1
        os.kill(pid, signal.SIGCONT)
        await asyncio.gather(*under_way)
        await served.infer("good")

    play(scenario, limits=ServingLimits(calls=3))


def test_an_idle_worker_ends_and_the_next_call_starts_another(play: Any) -> None:
    async def scenario(served: Served) -> None:
        await served.infer("good")
        process = psutil.Process(await served.pid())
        async with asyncio.timeout(20):
            while process.is_running():
                await asyncio.sleep(0.05)
        assert not (await served.serving.health())["running"]
        await served.infer("good")

    play(scenario, idle_seconds=0.5)


def test_the_worker_gets_nothing_of_the_persons_environment(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("PHUB_TOKEN", "hf_secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    async def scenario(served: Served) -> None:
        await served.infer("good")
        environment = psutil.Process(await served.pid()).environ()
        assert not [name for name, value in environment.items() if "secret" in value]
        assert environment["HF_HUB_OFFLINE"] == "1"
        assert environment["HOME"] != os.environ["HOME"]

    play(scenario)


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_without_the_libraries_a_call_says_what_to_install(
    play: Any, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed

    async def scenario(served: Served) -> None:
        with pytest.raises(NotSupportedError, match=rf"{library} is not.*phub-jupyter\[serve\]"):
            await served.infer("good")
        assert psutil.Process().children() == []

    play(scenario)
