"""Logins of programs that a person approves."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import update

from phub_jupyter.hub.database.tables import DeviceLogin, utc_now
from phub_server.networks import network_of

from ..conftest import HubServer

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    server = HubServer(tmp_path_factory.mktemp("login") / "hub")
    server.add_user("ada")
    yield server
    server.close()


def start(served: HubServer) -> dict[str, Any]:
    answer = requests.post(f"{served.endpoint}/oauth/device", data={"client_id": "x"}, timeout=30)
    assert answer.status_code == 200
    return dict(answer.json())


def ask(served: HubServer, **form: str) -> tuple[int, dict[str, Any]]:
    answer = requests.post(f"{served.endpoint}/oauth/token", data=form, timeout=30)
    return answer.status_code, answer.json()


def decide(served: HubServer, code: str, decision: str = "approve", **form: str) -> int:
    body = {"code": code, "decision": decision, **form}
    return requests.post(f"{served.endpoint}/device", data=body, timeout=30).status_code


def test_a_program_logs_in_renews_and_is_thrown_out(served: HubServer) -> None:
    started = start(served)
    assert re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", started["user_code"])
    waiting = {"grant_type": GRANT, "device_code": started["device_code"]}
    assert ask(served, **waiting) == (400, {"error": "authorization_pending"})
    assert ask(served, **waiting) == (400, {"error": "slow_down"})
    page = requests.get(started["verification_uri_complete"], timeout=30)
    assert started["user_code"] in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    token = served.token("ada")
    typed = started["user_code"].lower().replace("-", " ")
    assert decide(served, typed, token=token) == 200
    status, issued = ask(served, **waiting)
    assert (status, issued["token_type"]) == (200, "bearer")
    assert ask(served, **waiting) == (400, {"error": "expired_token"})

    whoami = f"{served.endpoint}/api/whoami-v2"
    headers = {"Authorization": f"Bearer {issued['access_token']}"}
    assert requests.get(whoami, headers=headers, timeout=30).json()["name"] == "ada"
    renewal = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
    status, renewed = ask(served, **renewal)
    assert status == 200
    assert requests.get(whoami, headers=headers, timeout=30).status_code == 401
    assert ask(served, **renewal)[0] == 400
    served.hub.accounts.revoke_token(renewed["access_token"])
    renewal["refresh_token"] = renewed["refresh_token"]
    status, refused = ask(served, **renewal)
    assert (status, refused["error"]) == (400, "invalid_grant")


def test_the_public_client_logs_in(served: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import _oauth_device

    monkeypatch.setattr(constants, "ENDPOINT", served.endpoint)
    device = _oauth_device.request_device_code()
    form = {"token": served.token("ada")}
    threading.Timer(0.2, decide, (served, device["user_code"]), form).start()
    issued = _oauth_device.poll_device_token(device)
    headers = {"Authorization": f"Bearer {issued['access_token']}"}
    answer = requests.get(f"{served.endpoint}/api/whoami-v2", headers=headers, timeout=30)
    assert answer.json()["name"] == "ada"


def test_who_says_no(served: HubServer) -> None:
    started = start(served)
    assert decide(served, started["user_code"], "deny", token=served.token("ada")) == 200
    refused = ask(served, grant_type=GRANT, device_code=started["device_code"])
    assert refused == (400, {"error": "access_denied"})


def test_an_old_code_is_worth_nothing(served: HubServer) -> None:
    started = start(served)
    with served.hub.database.write() as session:
        past = utc_now() - timedelta(seconds=1)
        session.execute(update(DeviceLogin).values(expires_at=past))
    assert decide(served, started["user_code"], token=served.token("ada")) == 404
    assert ask(served, grant_type=GRANT, device_code=started["device_code"])[1] == {
        "error": "expired_token"
    }


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 401),
        ({"token": "hf_wrong"}, 401),
        ({"token": "read"}, 403),
        ({"token": "fineGrained"}, 403),
        ({"token": "a day"}, 403),
    ],
)
def test_who_may_not_approve(served: HubServer, form: dict[str, str], status: int) -> None:
    started = start(served)
    if form.get("token") in ("read", "fineGrained"):
        form = {"token": served.token("ada", form["token"])}
    if form.get("token") == "a day":
        form = {"token": served.token("ada", lifetime=timedelta(days=1))}
    assert decide(served, started["user_code"], **form) == status
    waiting = ask(served, grant_type=GRANT, device_code=started["device_code"])
    assert waiting == (400, {"error": "authorization_pending"})


@pytest.mark.parametrize(
    "form", [{}, {"grant_type": "password"}, {"grant_type": GRANT}, {"grant_type": "refresh_token"}]
)
def test_questions_that_make_no_sense(served: HubServer, form: dict[str, str]) -> None:
    status, body = ask(served, **form)
    assert status == 400
    assert body["error"] in ("unsupported_grant_type", "expired_token", "invalid_grant")


def test_a_code_with_markup_is_only_shown(served: HubServer) -> None:
    page = requests.get(
        f"{served.endpoint}/device", params={"code": '"><script>x</script>'}, timeout=30
    )
    assert "<script>" not in page.text


def test_one_network_cannot_keep_everybody_from_logging_in(tmp_path: Path) -> None:
    server = HubServer(tmp_path / "hub")
    try:
        url = f"{server.endpoint}/oauth/device"
        form = {"client_id": "x"}
        with requests.Session() as session:
            answers = [session.post(url, data=form, timeout=30) for _ in range(101)]
        assert {answer.status_code for answer in answers[:100]} == {200}
        assert answers[100].status_code == 429
        assert int(answers[100].headers["Retry-After"]) > 0
        assert server.hub.device_logins.start("203.0.113.9").user_code
    finally:
        server.close()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        (None, ""),
    ],
)
def test_strangers_are_told_apart_by_network(address: str | None, network: str) -> None:
    assert network_of(address) == network
