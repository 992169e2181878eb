"""Real Voilà processes: opened on demand, kept apart, stopped when nobody looks."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests

from phub_jupyter.client.publish import Publication, publish_notebook, start_space
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.spaces.state import SpaceState, Stage
from phub_jupyter.identifiers import RepoId, RepoType
from phub_server.handlers.spaces import app_address

SHOW_ENVIRONMENT = """
import json, os
print("BEGIN" + json.dumps(dict(os.environ)) + "END")
"""


def _notebook(folder: Path, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    path = folder / "some_app.ipynb"
    nbformat.write(notebook, path)
    return path


def _publish(server: Any, path: Path, space: str = "ada/app", **options: Any) -> Publication:
    token = server.token()
    return publish_notebook(path, space, endpoint=server.endpoint, token=token, **options)


def _state(server: Any, space: str = "ada/app") -> str:
    answer = requests.get(
        f"{server.endpoint}/api/spaces/{space}/runtime", headers=server.headers(), timeout=30
    )
    return str(answer.json()["stage"])


def _wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def test_a_visit_starts_the_app_on_an_origin_of_its_own(hub_server: Any, tmp_path: Path) -> None:
    published = _publish(hub_server, _notebook(tmp_path, "print('good ' + 'morning')"))
    assert _state(hub_server) == "STOPPED"
    page = requests.get(published.app_url, timeout=60)
    assert page.status_code == 200
    assert "good morning" in page.text
    assert page.url.startswith("http://localhost:")  # the hub was asked as 127.0.0.1
    assert _state(hub_server) == "RUNNING"


def test_pause_keeps_visitors_out_until_a_restart(hub_server: Any, tmp_path: Path) -> None:
    published = _publish(hub_server, _notebook(tmp_path, "print('hello')"))
    api = f"{hub_server.endpoint}/api/spaces/ada/app"
    assert requests.get(published.app_url, timeout=60).status_code == 200
    stranger = requests.post(f"{api}/pause", headers=hub_server.headers("bob"), timeout=30)
    assert stranger.status_code == 403
    paused = requests.post(f"{api}/pause", headers=hub_server.headers(), timeout=30)
    assert paused.json()["stage"] == "PAUSED"
    assert requests.get(published.app_url, timeout=60).status_code == 503
    restarted = requests.post(f"{api}/restart", headers=hub_server.headers(), timeout=60)
    assert restarted.json()["stage"] == "RUNNING"


def test_a_new_commit_is_served_at_the_next_visit(hub_server: Any, tmp_path: Path) -> None:
    published = _publish(hub_server, _notebook(tmp_path, "print('first ' + 'edition')"))
    assert "first edition" in requests.get(published.app_url, timeout=60).text
    again = _publish(hub_server, _notebook(tmp_path, "print('second ' + 'edition')"))
    assert again.commit != published.commit
    page = requests.get(published.app_url, timeout=60)
    assert "second edition" in page.text


def test_the_app_gets_nothing_of_the_hubs_environment(
    hub_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-tell")
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_person_who_runs_the_hub")
    monkeypatch.setenv("JPY_API_TOKEN", "do-not-tell-either")
    published = _publish(hub_server, _notebook(tmp_path, SHOW_ENVIRONMENT))
    text = requests.get(published.app_url, timeout=60).text.replace("&#34;", '"')
    found = re.search(r"BEGIN(\{.*?\})END", text, re.DOTALL)
    assert found is not None
    assert "do-not-tell" not in found[1]
    seen = json.loads(found[1].replace("&quot;", '"'))
    assert seen["HF_TOKEN"] != "hf_of_the_person_who_runs_the_hub"
    assert seen["PHUB_ENDPOINT"] == hub_server.endpoint
    assert "AWS_SECRET_ACCESS_KEY" not in seen


def _repo(server: Any, repo_type: RepoType, repo_id: str, private: bool) -> Any:
    actor = server.hub.accounts.actor_for_user(repo_id.split("/")[0])
    return server.hub.repositories.create(actor, repo_type, RepoId.parse(repo_id), private=private)


def test_the_apps_token_reads_its_models_and_nothing_else(hub_server: Any, tmp_path: Path) -> None:
    for name in ("ada/used", "ada/unused", "bob/secret"):
        _repo(hub_server, RepoType.MODEL, name, private=True)
    path = _notebook(tmp_path, "MODEL = 'ada/used'", SHOW_ENVIRONMENT)
    published = _publish(hub_server, path)
    assert published.models == ("ada/used",)
    text = requests.get(published.app_url, timeout=60).text
    found = re.search(r"PHUB_TOKEN[^h]*(hf_\w+)", text)
    assert found is not None
    headers = {"Authorization": f"Bearer {found[1]}"}

    def status(method: str, path: str, **options: Any) -> int:
        url = f"{hub_server.endpoint}{path}"
        return requests.request(method, url, headers=headers, timeout=30, **options).status_code

    assert status("GET", "/api/models/ada/used") == 200
    assert status("GET", "/api/models/ada/unused") == 404
    assert status("GET", "/api/models/bob/secret") == 404
    assert status("PUT", "/api/models/ada/used/settings", json={"private": False}) == 403
    assert status("POST", "/api/repos/create", json={"name": "new"}) == 403
    assert status("POST", "/api/spaces/ada/app/pause") == 403
    requests.post(
        f"{hub_server.endpoint}/api/spaces/ada/app/pause", headers=hub_server.headers(), timeout=30
    )
    assert status("GET", "/api/models/ada/used") == 401  # revoked with the process


def test_a_private_app_opens_only_through_the_hub(hub_server: Any, tmp_path: Path) -> None:
    path = _notebook(tmp_path, "print('inner ' + 'circle')")
    published = _publish(hub_server, path, private=True)
    assert requests.get(published.app_url, timeout=60).status_code == 401
    outsider = requests.get(published.app_url, headers=hub_server.headers("bob"), timeout=60)
    assert outsider.status_code == 404
    let_in = requests.get(published.app_url, headers=hub_server.headers(), timeout=60)
    assert "inner circle" in let_in.text
    origin = let_in.url.split("?")[0]
    assert "inner circle" not in requests.get(origin, timeout=60).text


def test_an_app_without_visitors_stops(hub_server: Any, tmp_path: Path) -> None:
    hub_server.hub.spaces.idle_seconds = 2
    published = _publish(hub_server, _notebook(tmp_path, "print('hello')"))
    assert requests.get(published.app_url, timeout=60).status_code == 200
    _wait_for(lambda: _state(hub_server) == "STOPPED")


@pytest.mark.parametrize(
    ("card", "stage", "says"),
    [
        ("---\nsdk: gradio\n---\n", "CONFIG_ERROR", "sdk"),
        ("---\nsdk: voila\napp_file: ../x.ipynb\n---\n", "CONFIG_ERROR", "app_file"),
        ("---\nsdk: voila\napp_file: other.ipynb\n---\n", "NO_APP_FILE", "other.ipynb"),
    ],
)
def test_a_wrong_card_is_named(
    hub_server: Any, tmp_path: Path, card: str, stage: str, says: str
) -> None:
    from huggingface_hub import HfApi

    _publish(hub_server, _notebook(tmp_path, "print(1)"))
    api = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    api.upload_file(
        path_or_fileobj=card.encode(),
        path_in_repo="README.md",
        repo_id="ada/app",
        repo_type="space",
    )
    started = start_space("ada/app", endpoint=hub_server.endpoint, token=hub_server.token())
    assert started["stage"] == stage
    assert says in started["message"]
    assert started["url"] is None


def test_what_is_not_built_says_so(hub_server: Any, tmp_path: Path) -> None:
    _publish(hub_server, _notebook(tmp_path, "print(1)"))
    answer = requests.post(
        f"{hub_server.endpoint}/api/spaces/ada/app/secrets",
        headers=hub_server.headers(),
        json={"key": "A", "value": "b"},
        timeout=30,
    )
    assert answer.status_code == 501
    assert answer.headers["X-Error-Code"] == "NotSupported"


def test_the_log_is_for_those_who_may_write(hub_server: Any, tmp_path: Path) -> None:
    published = _publish(hub_server, _notebook(tmp_path, "print('hello')"))
    requests.get(published.app_url, timeout=60)
    url = f"{hub_server.endpoint}/api/spaces/ada/app/logs/run?follow=false"
    assert requests.get(url, headers=hub_server.headers("bob"), timeout=30).status_code == 403
    lines = requests.get(url, headers=hub_server.headers(), timeout=30).text.splitlines()
    assert any(line.startswith('data: {"data"') for line in lines)


def test_a_space_of_the_actor_is_found_by_its_owner(hub_server: Any, tmp_path: Path) -> None:
    _publish(hub_server, _notebook(tmp_path, "print(1)"), private=True)
    actor = hub_server.hub.accounts.actor_for_user("ada")
    found = hub_server.hub.repositories.find(actor, Action.READ, RepoType.SPACE, "ada/app")
    assert found.sdk == "voila"


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("127.0.0.1:8888", "http://localhost:9000/"),
        ("localhost:8888", "http://127.0.0.1:9000/"),
        ("localhost", "http://127.0.0.1:9000/"),
        ("[::1]:8888", "http://127.0.0.1:9000/"),
        ("hub.corp:8899", "http://hub.corp:9000/"),
    ],
)
def test_the_app_never_shares_a_host_name_with_jupyter(asked: str, address: str) -> None:
    assert app_address("http", asked, SpaceState(Stage.RUNNING, port=9000)) == address
