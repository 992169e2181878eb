"""The hub inside a person's Jupyter server: who is who, and what the kernels get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

OWNER = "grace"


@pytest.fixture
def jp_server_config(tmp_path: Path) -> dict[str, Any]:
    """A Jupyter server with the extension on a fresh hub."""
    return {
        "ServerApp": {"jpserver_extensions": {"phub_server": True}},
        "PrivateHubApp": {"data": str(tmp_path / "hub"), "owner": OWNER},
    }


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_ENDPOINT", "HF_TOKEN", "PHUB_ENDPOINT", "PHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)


async def _create(jp_fetch: Any, name: str, **body: Any) -> Any:
    payload = json.dumps({"name": name, **body})
    return await jp_fetch("phub", "api", "repos", "create", method="POST", body=payload)


async def test_the_local_user_owns_and_administers_the_hub(jp_fetch: Any) -> None:
    answer = json.loads((await jp_fetch("phub", "api", "phub", "status")).body)
    assert answer["mode"] == "embedded"
    assert answer["user"] == {"name": OWNER, "is_admin": True}


async def test_the_local_user_needs_no_token_to_create(jp_fetch: Any) -> None:
    created = await _create(jp_fetch, "first")
    assert json.loads(created.body)["name"] == f"{OWNER}/first"


async def test_strangers_on_the_same_machine_see_nothing(
    jp_fetch: Any, http_server_client: Any, jp_base_url: str
) -> None:
    await _create(jp_fetch, "open", visibility="public")
    with pytest.raises(HTTPClientError) as refusal:
        await http_server_client.fetch(f"{jp_base_url}phub/api/models/{OWNER}/open")
    assert refusal.value.code == 401
    listed = await http_server_client.fetch(f"{jp_base_url}phub/api/models")
    assert json.loads(listed.body) == []


async def test_attachments_need_a_login_too(
    jp_fetch: Any, http_server_client: Any, jp_base_url: str
) -> None:
    picture = b"\x89PNG\r\n\x1a\n..."
    answer = await jp_fetch("phub", "uploads", method="POST", body=picture)
    name = answer.body.decode().rpartition("/")[2]
    shown = await jp_fetch("phub", "uploads", name)
    assert shown.body == picture
    with pytest.raises(HTTPClientError) as refusal:
        await http_server_client.fetch(f"{jp_base_url}phub/uploads/{name}")
    assert refusal.value.code == 401


async def test_a_wrong_token_is_refused(http_server_client: Any, jp_base_url: str) -> None:
    for token in ("hf_wrong", "not-the-server-token"):
        with pytest.raises(HTTPClientError) as refusal:
            await http_server_client.fetch(
                f"{jp_base_url}phub/api/whoami-v2", headers={"Authorization": f"Bearer {token}"}
            )
        assert refusal.value.code == 401
        assert refusal.value.response.headers["X-Error-Message"].startswith("Invalid credentials")


async def _login_cookie(jp_fetch: Any) -> str:
    answer = await jp_fetch("phub", "api", "phub", "status")
    del answer
    page = await jp_fetch("api", "status")
    return "; ".join(part.split(";")[0] for part in page.headers.get_list("Set-Cookie"))


async def test_a_cookie_alone_cannot_write(
    jp_fetch: Any, http_server_client: Any, jp_base_url: str
) -> None:
    cookie = await _login_cookie(jp_fetch)
    assert cookie
    headers = {"Cookie": cookie}
    seen = await http_server_client.fetch(f"{jp_base_url}phub/api/whoami-v2", headers=headers)
    assert json.loads(seen.body)["name"] == OWNER
    with pytest.raises(HTTPClientError) as refusal:
        await http_server_client.fetch(
            f"{jp_base_url}phub/api/repos/create",
            method="POST",
            headers=headers,
            body=json.dumps({"name": "forged"}),
        )
    assert refusal.value.code == 403


async def test_a_page_of_another_origin_gets_nothing(
    jp_fetch: Any, http_server_client: Any, jp_base_url: str
) -> None:
    cookie = await _login_cookie(jp_fetch)
    with pytest.raises(HTTPClientError) as refusal:
        await http_server_client.fetch(
            f"{jp_base_url}phub/api/whoami-v2",
            headers={"Cookie": cookie, "Origin": "http://evil.example"},
        )
    assert refusal.value.code == 403


async def test_kernels_get_address_and_token(
    jp_serverapp: Any, jp_fetch: Any, http_server_client: Any, jp_base_url: str
) -> None:
    await jp_serverapp.extension_manager.start_all_extensions()
    assert os.environ["HF_ENDPOINT"].endswith(f"{jp_base_url}phub")
    assert os.environ["HF_ENDPOINT"] == os.environ["PHUB_ENDPOINT"]
    assert os.environ["DISABLE_SAFETENSORS_CONVERSION"] == "1"
    answer = await http_server_client.fetch(
        f"{jp_base_url}phub/api/whoami-v2",
        headers={"Authorization": f"Bearer {os.environ['HF_TOKEN']}"},
    )
    assert json.loads(answer.body)["name"] == OWNER


async def test_the_environment_is_taken_back_at_the_end(jp_serverapp: Any) -> None:
    await jp_serverapp.extension_manager.start_all_extensions()
    assert "PHUB_TOKEN" in os.environ
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert "PHUB_TOKEN" not in os.environ


def test_loading_the_extension_imports_no_machine_learning() -> None:
    code = (
        "import sys, phub_server.app, phub_server.routes;"
        "print([m for m in ('torch', 'transformers', 'sklearn', 'datasets', 'voila') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_jupyters_own_metrics_have_the_hubs_in_them(jp_fetch: Any) -> None:
    text = (await jp_fetch("metrics")).body.decode()
    assert "phub_inference_calls 0.0" in text
    assert "phub_inference_worker_running 0.0" in text
    own = (await jp_fetch("phub", "api", "phub", "metrics")).body.decode()
    assert "phub_inference_calls 0.0" in own
