"""Spaces of a hub inside Jupyter: kept away from Jupyter's cookie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

OWNER = "grace"


@pytest.fixture
def jp_server_config(tmp_path: Path) -> dict[str, Any]:
    """A Jupyter server that may be reached under any name, with the extension on a fresh hub."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"phub_server": True},
            "allow_remote_access": True,
        },
        "PrivateHubApp": {
            "data": str(tmp_path / "hub"),
            "owner": OWNER,
            "export_environment": False,
        },
    }


async def _make_space(jp_fetch: Any) -> None:
    """A Space without a notebook, which is enough to see where a visitor would be sent."""
    body = json.dumps({"name": "app", "type": "space", "sdk": "voila"})
    await jp_fetch("phub", "api", "repos", "create", method="POST", body=body)


async def _open(jp_fetch: Any, host: str) -> HTTPClientError:
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("phub", "spaces", OWNER, "app", "app", headers={"Host": host})
    error: HTTPClientError = refusal.value
    return error


async def test_an_app_is_not_shown_where_it_would_get_jupyters_cookie(
    jp_fetch: Any,
) -> None:
    await _make_space(jp_fetch)
    for host in ("jupyter.example.com", "192.0.2.7:8888", "localhost.example.com"):
        refusal = await _open(jp_fetch, host)
        assert refusal.code == 403
        assert "cookie" in refusal.response.headers["X-Error-Message"]


async def test_it_is_shown_under_the_names_of_this_machine(jp_fetch: Any) -> None:
    await _make_space(jp_fetch)
    for host in ("localhost:8888", "127.0.0.1:8888", "localhost"):
        refusal = await _open(jp_fetch, host)
        assert refusal.code == 503
        assert json.loads(refusal.response.body)["stage"] == "NO_APP_FILE"


async def test_starting_from_the_panel_follows_the_same_rule(jp_fetch: Any) -> None:
    await _make_space(jp_fetch)
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch(
            *("phub", "api", "phub", "spaces", OWNER, "app", "start"),
            method="POST",
            body="",
            headers={"Host": "jupyter.example.com"},
        )
    assert refusal.value.code == 403
