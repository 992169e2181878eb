"""Which model is said to have brought the worker down."""

from __future__ import annotations

import asyncio

import pytest

from phub_jupyter.errors import OverloadedError
from phub_jupyter.hub.serving.blame import Blame


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_model_alone_at_work_is_guilty_and_rests_after_the_second_time() -> None:
    clock = Clock()
    blame = Blame(300, clock)
    assert blame.died(["a"]) == {"a"}
    blame.check("a")
    assert blame.died(["a"]) == {"a"}
    with pytest.raises(OverloadedError, match="rests for 5 more minutes") as refusal:
        blame.check("a")
    assert refusal.value.retry_after == 300
    blame.check("b")
    clock.now = 300.0
    blame.check("a")
    assert blame.died(["a"]) == {"a"}
    with pytest.raises(OverloadedError):
        blame.check("a")


def test_an_answer_between_two_deaths_clears_a_model() -> None:
    blame = Blame()
    blame.died(["a"])
    blame.answered("a")
    blame.died(["a"])
    blame.check("a")


def test_of_several_suspects_the_one_that_does_it_again_is_guilty() -> None:
    blame = Blame()
    assert blame.died(["a", "b", "c"]) == set()
    blame.answered("a")
    assert blame.died(["a", "b", "d"]) == {"b"}
    with pytest.raises(OverloadedError):
        blame.check("b")
    for innocent in ("a", "c", "d"):
        blame.check(innocent)


def test_suspects_work_one_at_a_time_and_others_at_once() -> None:
    async def scenario() -> None:
        blame = Blame()
        blame.died(["a", "b"])
        order = []

        async def work(model: str) -> None:
            async with blame.turn(model):
                order.append(f"+{model}")
                await asyncio.sleep(0.01)
                order.append(f"-{model}")

        await asyncio.gather(work("a"), work("b"), work("c"))
        assert order.index("-a") < order.index("+b")
        assert order.index("+c") < order.index("-a")

    asyncio.run(scenario())
