"""Shares of the machine that Spaces run on, by the real client and as an app sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError

from phub_jupyter.hub.spaces.hardware import Flavor, Hardware
from tests.conftest import HubServer
from tests.server.space_app import Visitor, put_space

SPACE = "ada/limited"
LOOK = """import os
threads = os.environ.get('OMP_NUM_THREADS')
try:
    size = len(bytearray(2 << 30))
except MemoryError:
    size = 'refused'
print('<', len(os.sched_getaffinity(0)), threads, size, '>')"""
SMALL: Any = "small"
LOCAL: Any = "local"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    running = HubServer(tmp_path_factory.mktemp("hardware") / "hub")
    running.add_user("ada")
    running.hub.spaces.hardware = Hardware((Flavor("small", "Small", cpus=1, memory=1.5),))
    yield running
    running.close()


@pytest.fixture(scope="module")
def api(server: HubServer) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token())


def test_an_app_sees_its_processors_and_its_memory(server: HubServer, api: HfApi) -> None:
    put_space(server, SPACE, LOOK)
    asked = api.request_space_hardware(SPACE, SMALL, sleep_time=3600)
    assert (asked.stage, asked.hardware, asked.requested_hardware) == ("STOPPED", SMALL, SMALL)
    assert asked.sleep_time == 3600
    ada = Visitor(server)
    assert "&lt; 1 1 refused &gt;" in ada.page(SPACE)
    api.pause_space(SPACE)


def test_a_running_app_is_restarted_with_it_and_a_paused_one_is_not(
    server: HubServer, api: HfApi
) -> None:
    put_space(server, "ada/moved", "print('here')")
    Visitor(server).page("ada/moved")
    assert api.get_space_runtime("ada/moved").hardware == "local"
    changed = api.request_space_hardware("ada/moved", SMALL)
    assert (changed.stage, changed.hardware) == ("RUNNING", "small")
    shown = api.space_info("ada/moved", expand=["runtime"]).runtime
    listed = [one for one in api.list_spaces(expand=["runtime"]) if one.id == "ada/moved"]
    assert shown is not None
    assert [shown.hardware, listed[0].runtime.hardware] == ["small", "small"]
    api.pause_space("ada/moved")
    assert api.request_space_hardware("ada/moved", LOCAL).stage == "PAUSED"


def test_new_ones_and_copies_begin_with_it(server: HubServer, api: HfApi) -> None:
    api.create_repo("ada/new", repo_type="space", space_sdk="static", space_hardware=SMALL)
    assert api.get_space_runtime("ada/new").requested_hardware == "small"
    api.duplicate_repo("ada/new", "ada/plain", repo_type="space")
    assert api.get_space_runtime("ada/plain").requested_hardware == "local"
    api.duplicate_repo("ada/plain", "ada/again", repo_type="space", space_hardware=SMALL)
    assert api.get_space_runtime("ada/again").requested_hardware == "small"


def test_what_is_offered_and_what_is_refused(server: HubServer, api: HfApi) -> None:
    local, small = api.list_spaces_hardware()
    assert (local.name, small.name, small.pretty_name) == ("local", "small", "Small")
    assert (small.cpu, small.ram, small.unit_cost_usd) == ("1 vCPU", "1.5 GB", 0)
    put_space(server, "ada/kept")
    for wrong in ("t4-small", "", None, ["small"]):
        answer = requests.post(
            f"{server.endpoint}/api/spaces/ada/kept/hardware",
            headers=server.headers(),
            json={"flavor": wrong},
            timeout=30,
        )
        assert answer.status_code == 400, answer.text
        assert "local, small" in answer.json()["error"]
    with pytest.raises(BadRequestError):
        api.request_space_hardware("ada/kept", SMALL, sleep_time=5)
    assert api.get_space_runtime("ada/kept").requested_hardware == "local"


def test_hardware_that_is_gone_keeps_a_space_from_starting(server: HubServer, api: HfApi) -> None:
    put_space(server, "ada/left", "print('here')")
    api.request_space_hardware("ada/left", SMALL)
    before, server.hub.spaces.hardware = server.hub.spaces.hardware, Hardware()
    try:
        answer = Visitor(server).open("ada/left")
    finally:
        server.hub.spaces.hardware = before
    assert (answer.status_code, answer.json()["stage"]) == (503, "CONFIG_ERROR")
    assert "small" in answer.json()["error"]
    assert "here" in Visitor(server).page("ada/left")
    api.pause_space("ada/left")
