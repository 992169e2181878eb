"""What a Space is given, by the real client: secrets, variables, time, hardware."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from phub_jupyter.hub.access import Action
from phub_jupyter.identifiers import RepoType

from .space_app import Visitor, put_space

SPACE = "ada/given"
SECRET = "a-very-secret-value"
SHOW = "import os\nprint('<', os.environ['A_SECRET'], os.environ['A_VARIABLE'], '>')"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub with ada and bob, and a Space of ada's."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("given") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    put_space(server, SPACE, SHOW)
    yield server
    server.close()


def api(server: Any, user: str = "ada", role: str = "write") -> HfApi:
    """The unmodified client as that user."""
    return HfApi(endpoint=server.endpoint, token=server.token(user, role))


def test_secrets_are_never_shown_again(served: Any) -> None:
    client = api(served)
    client.add_space_secret(SPACE, "TOKEN", SECRET, description="why")
    client.add_space_secret(SPACE, "TOKEN", f"{SECRET}-2", description="why")
    found = client.get_space_secrets(SPACE)
    assert list(found) == ["TOKEN"]
    assert found["TOKEN"].description == "why"
    assert found["TOKEN"].updated_at is not None
    answers = [
        requests.request(method, f"{served.endpoint}/api/spaces/{SPACE}{path}", timeout=30, **kw)
        for method, path, kw in (
            ("GET", "/secrets", {"headers": served.headers()}),
            ("GET", "", {"headers": served.headers()}),
            ("GET", "/runtime", {"headers": served.headers()}),
            ("POST", "/secrets", {"headers": served.headers(), "json": {"key": "A", "value": "b"}}),
        )
    ]
    assert all(answer.status_code == 200 for answer in answers)
    assert not any(SECRET in answer.text for answer in answers)
    for key in ("TOKEN", "TOKEN", "A"):
        client.delete_space_secret(SPACE, key)
    assert client.get_space_secrets(SPACE) == {}


def test_the_file_is_for_the_hub_alone_and_goes_with_the_space(served: Any) -> None:
    client = api(served)
    client.create_repo(
        "ada/brief",
        repo_type="space",
        space_sdk="static",
        space_secrets=[{"key": "S", "value": SECRET}],
        space_variables=[{"key": "V", "value": "1", "description": "one"}],
        space_hardware="local",  # type: ignore[arg-type]
        space_sleep_time=600,
    )
    assert client.get_space_variables("ada/brief")["V"].value == "1"
    assert client.get_space_runtime("ada/brief").sleep_time == 600
    holding = [
        path
        for path in served.hub.root.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert [path.name for path in holding] == ["environment.json"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    client.delete_repo("ada/brief", repo_type="space")
    assert not holding[0].parent.exists()


def test_a_running_app_sees_them_and_the_next_start_sees_the_next(served: Any) -> None:
    client = api(served)
    client.add_space_secret(SPACE, "A_SECRET", SECRET)
    client.add_space_variable(SPACE, "A_VARIABLE", "plain")
    ada = Visitor(served)
    assert f"&lt; {SECRET} plain &gt;" in ada.page(SPACE)
    client.add_space_variable(SPACE, "A_VARIABLE", "changed")
    assert ada.runtime(SPACE)["stage"] == "STOPPED"
    assert f"&lt; {SECRET} changed &gt;" in ada.page(SPACE)
    client.pause_space(SPACE)


def test_variables_come_with_a_copy_and_secrets_do_not(served: Any) -> None:
    client = api(served)
    client.create_repo(
        "ada/origin",
        repo_type="space",
        space_sdk="static",
        space_secrets=[{"key": "S", "value": SECRET}],
        space_variables=[{"key": "V", "value": "1"}, {"key": "W", "value": "2"}],
    )
    api(served, "bob").duplicate_repo(
        "ada/origin", repo_type="space", space_variables=[{"key": "W", "value": "3"}]
    )
    copied = api(served, "bob").get_space_variables("bob/origin")
    assert {key: item.value for key, item in copied.items()} == {"V": "1", "W": "3"}
    assert api(served, "bob").get_space_secrets("bob/origin") == {}


def test_who_may_give_and_see_what(served: Any) -> None:
    api(served).add_space_variable(SPACE, "SHOWN", "yes")
    assert api(served, "bob").get_space_variables(SPACE)["SHOWN"].value == "yes"
    for client in (api(served, "bob"), api(served, "ada", "read")):
        refused: list[Callable[[], Any]] = [
            partial(client.get_space_secrets, SPACE),
            partial(client.add_space_secret, SPACE, "X", "y"),
            partial(client.delete_space_variable, SPACE, "SHOWN"),
            partial(client.set_space_sleep_time, SPACE, 3600),
        ]
        for call in refused:
            with pytest.raises(HfHubHTTPError, match="403"):
                call()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", "x"),
        ("1A", "x"),
        ("A B", "x"),
        ("PATH", "x"),
        ("LD_PRELOAD", "x"),
        ("PHUB_TOKEN", "x"),
        ("OK", "a\0b"),
        ("OK", "\ud800"),
        ("OK", "x" * 300_000),
        ("BOTH", "x"),
    ],
)
def test_what_no_process_could_be_given(served: Any, key: str, value: str) -> None:
    uid = served.hub.repositories.find(
        served.hub.accounts.actor_for_user("ada"), Action.READ, RepoType.SPACE, SPACE
    ).uid
    environments = served.hub.spaces.environments
    environments.change(uid, lambda given: given.without("variables", "BOTH"))
    environments.change(uid, lambda given: given.put("variables", "BOTH", "x"))
    before = environments.read(uid)
    answer = requests.post(
        f"{served.endpoint}/api/spaces/{SPACE}/secrets",
        headers=served.headers(),
        json={"key": key, "value": value},
        timeout=30,
    )
    assert answer.status_code == 400, answer.text
    assert environments.read(uid) == before


def test_time_hardware_and_what_there_is_not(served: Any) -> None:
    client = api(served)
    assert client.set_space_sleep_time(SPACE, 3600).sleep_time == 3600
    assert client.set_space_sleep_time(SPACE, -1).sleep_time is None
    for wrong in (0, 5, -2, 10**12):
        with pytest.raises(BadRequestError):
            client.set_space_sleep_time(SPACE, wrong)
    offered = client.list_spaces_hardware()
    assert [one.name for one in offered] == ["local"]
    local: Any = offered[0].name
    assert client.request_space_hardware(SPACE, local, sleep_time=120).sleep_time == 120
    assert client.get_space_runtime(SPACE).hardware == "local"
    assert client.disable_space_dev_mode(SPACE).dev_mode is False
    client.set_space_volumes(SPACE, [])
    client.delete_space_volumes(SPACE)
    assert list(client.fetch_space_logs(SPACE, build=True)) == []
