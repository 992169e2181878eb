"""Calls are counted by model, person, token and day, and what was counted is not lost."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from phub_jupyter.errors import InvalidRequestError, NotSupportedError, OverloadedError
from phub_jupyter.hub.access import ANONYMOUS
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.serving.tally import EDGES, Meter, Tally, quantile

from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop.open(tmp_path / "hub")
    yield shop
    shop.hub.close()


def call(
    shop: Workshop, error: BaseException | None = None, tokens: tuple[int, int] = (3, 2)
) -> None:
    expected = nullcontext() if error is None else pytest.raises(type(error))
    with expected, shop.hub.usage.call(shop.repo, "fill-mask", shop.ada) as meter:
        meter.tokens_in, meter.tokens_out = tokens
        if error is not None:
            raise error


def test_every_end_of_a_call_has_a_name(shop: Workshop) -> None:
    call(shop)
    for error in (
        InvalidRequestError("no"),
        NotSupportedError("no"),
        OverloadedError("later", retry_after=1),
        asyncio.CancelledError(),
        ValueError("a mistake of ours"),
    ):
        call(shop, error)
    total = shop.hub.usage_reports.of_model(ANONYMOUS, shop.repo, 1).total
    assert total.outcomes == {
        "answered": 1, "refused": 2, "overloaded": 1, "abandoned": 1, "failed": 1,
    }  # fmt: skip
    assert (total.requests, total.tokens_in, total.tokens_out) == (6, 18, 12)
    assert sum(total.latencies) == 1
    assert shop.hub.usage.under_way == 0


def test_counts_outlive_the_hub_and_go_on(shop: Workshop, tmp_path: Path) -> None:
    call(shop)
    shop.hub.close()
    reopened = Hub.open(tmp_path / "hub")
    try:
        with reopened.usage.call(shop.repo, "fill-mask", ANONYMOUS):
            pass
        with reopened.usage.call(shop.repo, "fill-mask", shop.ada):
            pass
        report = reopened.usage_reports.of_model(ANONYMOUS, shop.repo, 1)
    finally:
        reopened.close()
    assert report.total.requests == 3
    assert {(caller.user, tally.requests) for caller, tally in report.by_caller.items()} == {
        ("ada", 2), (None, 1),
    }  # fmt: skip
    assert len(report.by_day) == 1


def test_many_threads_lose_no_call(shop: Workshop) -> None:
    def work() -> None:
        for _ in range(50):
            call(shop)
            shop.hub.usage.write()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert shop.hub.usage_reports.of_model(ANONYMOUS, shop.repo, 1).total.requests == 200


def test_a_person_sees_their_own_calls_of_what_they_may_see(shop: Workshop) -> None:
    bob = shop.hub.accounts.add_user("bob")
    call(shop)
    with shop.hub.usage.call(shop.repo, "fill-mask", shop.hub.accounts.actor_for_user("bob")):
        pass
    reports = shop.hub.usage_reports
    actor = shop.hub.accounts.actor_for_user("bob")
    assert reports.of_person(actor, bob.pk, 1).total.requests == 1
    shop.hub.repositories.change(shop.ada, shop.repo, private=True)
    assert reports.of_person(actor, bob.pk, 1).by_model == {}
    assert reports.of_model(ANONYMOUS, shop.repo, 1).total.requests == 2


def test_what_is_deleted_takes_its_numbers_along(shop: Workshop) -> None:
    call(shop)
    shop.hub.usage.write()
    call(shop)
    shop.hub.repositories.delete(shop.ada, shop.repo)
    shop.hub.usage.write()
    assert shop.ada.pk is not None
    assert shop.hub.usage_reports.of_person(shop.ada, shop.ada.pk, 1).total.requests == 0


def test_an_answer_waits_for_no_disk_and_a_busy_one_loses_nothing(
    stores: str, shop: Workshop, tmp_path: Path
) -> None:
    if shop.hub.database.kind != "sqlite":
        return
    with closing(sqlite3.connect(tmp_path / "hub/hub.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        for _ in range(100):
            call(shop)
        assert time.monotonic() - started < 1
        writing = Thread(target=shop.hub.usage.write)
        writing.start()
        time.sleep(0.2)
        other.execute("ROLLBACK")
        writing.join(60)
    assert shop.hub.usage_reports.of_model(ANONYMOUS, shop.repo, 1).total.requests == 100


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_quantile_is_within_its_step(share: float) -> None:
    random = Random(7)
    seconds = [random.lognormvariate(-3, 1) for _ in range(5000)]
    tally = Tally()
    for each in seconds:
        tally.note("answered", Meter(), each)
    exact = statistics.quantiles(seconds, n=100)[round(share * 100) - 1]
    upper = next(edge for edge in EDGES if edge >= exact)
    lower = max((edge for edge in EDGES if edge < exact), default=0.0)
    found = quantile(tally.latencies, share)
    assert found is not None
    assert lower <= found <= upper
    assert quantile(Tally().latencies, share) is None


def test_the_slowest_answers_count_too() -> None:
    tally = Tally()
    tally.note("answered", Meter(), 1e6)
    assert quantile(tally.latencies, 0.5) == EDGES[-1]
