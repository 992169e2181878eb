"""Calls that get into each other's way: each is done or refused, and nothing is left by half."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import requests

from phub_jupyter.hub.check import check

from ..conftest import HubServer
from .repo_client import RepoClient, add, line

ROUNDS = 6


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    server = HubServer(tmp_path_factory.mktemp("races") / "hub")
    for user in ("ada", "bob"):
        server.add_user(user)
    yield server
    assert list(check(server.hub)) == []
    server.close()


def at_once(*calls: Callable[[], requests.Response]) -> list[int]:
    """The status of each call; all begin together."""
    barrier = threading.Barrier(len(calls))
    found: list[int] = [0] * len(calls)

    def run(index: int) -> None:
        barrier.wait()
        found[index] = calls[index]().status_code

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(status == 200 or 400 <= status < 500 for status in found), found
    return found


def commit(model: RepoClient, path: str, **header: Any) -> Callable[[], requests.Response]:
    data = "\n".join([line("header", summary="s", **header), add(path, path)])
    return partial(model.request, "POST", f"{model.api}/commit/main", data=data)


def test_of_commits_on_the_same_parent_one_is_kept(served: HubServer) -> None:
    model = RepoClient(served, "parents")
    for number in range(ROUNDS):
        head = model.head
        calls = [commit(model, f"{number}-{n}", parentCommit=head) for n in range(5)]
        assert sorted(at_once(*calls)) == [200, 412, 412, 412, 412]
        assert len(model.git.log(model.head, limit=100)) == number + 2


def test_a_repository_goes_while_people_write_to_it(served: HubServer) -> None:
    for number in range(ROUNDS):
        model = RepoClient(served, f"going{number}")
        body = {"name": f"going{number}", "type": "model"}
        found = at_once(
            commit(model, "a"),
            commit(model, "b"),
            *[partial(model.request, "DELETE", "/api/repos/delete", json=body)] * 2,
            partial(model.request, "POST", f"{model.api}/like"),
        )
        assert sorted(found[2:4]) == [200, 404]
        assert model.request("GET", model.api).status_code == 404


def test_a_pull_request_is_merged_or_closed(served: HubServer) -> None:
    for number in range(ROUNDS):
        model = RepoClient(served, f"proposed{number}")
        data = "\n".join([line("header", summary="s"), add("a", "a")])
        model.request("POST", f"{model.api}/commit/main?create_pr=1", data=data).raise_for_status()
        address = f"{model.api}/discussions/1"
        found = at_once(
            *[partial(model.request, "POST", f"{address}/merge", json={})] * 3,
            *[partial(model.request, "POST", f"{address}/status", json={"status": "closed"})] * 2,
        )
        status = model.request("GET", address).json()["status"]
        merged = "a" in model.files()
        assert status == ("merged" if merged else "closed")
        assert found[:3].count(200) == int(merged)


def test_a_request_is_let_in_or_turned_down(served: HubServer) -> None:
    model = RepoClient(served, "gated")
    model.request("PUT", f"{model.api}/settings", json={"gated": "manual"}).raise_for_status()
    for _ in range(ROUNDS):
        asked = model.request("POST", f"/{model.id}/ask-access", user="bob", json={})
        assert asked.status_code in (200, 303)
        handle = f"{model.api}/user-access-request/handle"
        at_once(
            *[
                partial(model.request, "POST", handle, json={"user": "bob", "status": word})
                for word in ("accepted", "rejected", "accepted", "pending")
            ]
        )
        states = {
            word: [
                row["user"]["user"]
                for row in model.request("GET", f"{model.api}/user-access-request/{word}").json()
            ]
            for word in ("pending", "accepted", "rejected")
        }
        assert [name for names in states.values() for name in names].count("bob") == 1, states
