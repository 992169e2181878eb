"""Spaces with real Voilà processes, over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from huggingface_hub import HfApi

from tests.conftest import HubServer
from tests.server.space_app import Visitor, put_space, running_programs, wait_for

HELLO = "print('hello from', 'the app')"
SPACE = "ada/app"


@pytest.fixture
def ada(hub_server: HubServer) -> Visitor:
    """The owner of the Spaces."""
    return Visitor(hub_server)


def test_a_public_space_starts_and_answers(hub_server: HubServer, ada: Visitor) -> None:
    commit = put_space(hub_server, SPACE, HELLO)
    assert ada.runtime(SPACE)["stage"] == "STOPPED"
    assert "hello from the app" in Visitor(hub_server, None).page(SPACE)
    runtime = ada.runtime(SPACE)
    assert runtime["stage"] == "RUNNING"
    assert runtime["sha"] == commit
    parsed = HfApi(endpoint=hub_server.endpoint, token=hub_server.token()).get_space_runtime(SPACE)
    assert parsed.stage == "RUNNING"


def test_the_app_has_the_other_loopback_name(hub_server: HubServer, ada: Visitor) -> None:
    put_space(hub_server, SPACE, HELLO)
    port = urlsplit(hub_server.endpoint).port
    here = urlsplit(ada.open(SPACE).headers["Location"])
    there = urlsplit(ada.open(SPACE, Host=f"localhost:{port}").headers["Location"])
    assert (here.hostname, there.hostname) == ("localhost", "127.0.0.1")
    assert here.port == there.port != port


def test_the_app_is_told_nothing_of_the_hub(
    hub_server: HubServer, ada: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_person")
    monkeypatch.setenv("JPY_API_TOKEN", "jupyter-secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "cloud-secret")
    put_space(
        hub_server, SPACE, "import os, json\nprint('<<' + json.dumps(dict(os.environ)) + '>>')"
    )
    found = re.search(r"<<(\{.*?\})>>", unescape(ada.page(SPACE)))
    assert found is not None
    seen = json.loads(found[1])
    assert seen["HF_ENDPOINT"] == hub_server.endpoint
    assert seen["HF_TOKEN"] == seen["PHUB_TOKEN"] != "hf_of_the_person"
    assert not {"jupyter-secret", "cloud-secret", "hf_of_the_person"} & set(seen.values())
    assert seen["HOME"].startswith(str(tmp_path))
    assert "PYTEST_CURRENT_TEST" not in seen


def test_a_false_host_header_does_not_get_the_token(hub_server: HubServer, ada: Visitor) -> None:
    put_space(hub_server, SPACE, "import os\nprint('calls', os.environ['PHUB_ENDPOINT'])")
    assert ada.open(SPACE, Host="evil.example").status_code == 302
    assert f"calls {hub_server.endpoint}" in ada.page(SPACE)


def test_the_token_reads_what_the_card_names_and_writes_nothing(
    hub_server: HubServer, ada: Visitor
) -> None:
    api = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    bob = HfApi(endpoint=hub_server.endpoint, token=hub_server.token("bob"))
    for client, name in ((api, "ada/named"), (api, "ada/other"), (bob, "bob/his")):
        client.create_repo(name, private=True)
    code = """
import os, requests
def ask(method, path, **body):
    headers = {"Authorization": "Bearer " + os.environ["HF_TOKEN"]}
    answer = requests.request(method, os.environ["HF_ENDPOINT"] + path, headers=headers, json=body)
    print(method, path, "gives", answer.status_code, "end")
ask("GET", "/api/models/ada/named")
ask("GET", "/api/models/ada/other")
ask("GET", "/api/models/bob/his")
ask("GET", "/api/spaces/ada/app")
ask("POST", "/api/repos/create", name="new")
ask("POST", "/api/models/ada/named/preupload/main", files=[])
ask("POST", "/api/spaces/ada/app/pause")
ask("GET", "/api/spaces/ada/app/logs/run")
"""
    put_space(hub_server, SPACE, code, private=True, more="models: [ada/named, bob/his]\n")
    page = ada.page(SPACE)
    assert re.findall(r"(\w+ /\S+) gives (\d+) end", page) == [
        ("GET /api/models/ada/named", "200"),
        ("GET /api/models/ada/other", "404"),
        ("GET /api/models/bob/his", "404"),
        ("GET /api/spaces/ada/app", "200"),
        ("POST /api/repos/create", "403"),
        ("POST /api/models/ada/named/preupload/main", "403"),
        ("POST /api/spaces/ada/app/pause", "403"),
        ("GET /api/spaces/ada/app/logs/run", "403"),
    ]


def test_an_organizations_space_reads_nothing_private_of_its_creator(
    hub_server: HubServer, ada: Visitor
) -> None:
    hub_server.hub.accounts.add_org("team", "ada")
    api = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    for name in ("ada/own", "team/shared"):
        api.create_repo(name, private=True)
    code = """
import os, requests
for name in ("ada/own", "team/shared"):
    headers = {"Authorization": "Bearer " + os.environ["HF_TOKEN"]}
    answer = requests.get(f"{os.environ['HF_ENDPOINT']}/api/models/{name}", headers=headers)
    print(name, "gives", answer.status_code, "end")
"""
    put_space(hub_server, "team/app", code, more="models: [ada/own, team/shared]\n")
    page = ada.page("team/app")
    assert re.findall(r"(\w+/\w+) gives (\d+) end", page) == [
        ("ada/own", "404"),
        ("team/shared", "200"),
    ]


def test_a_private_space_opens_only_through_the_hub(hub_server: HubServer, ada: Visitor) -> None:
    picture = {"map.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}
    put_space(hub_server, SPACE, HELLO, private=True, files=picture)
    sent = ada.open(SPACE).headers["Location"]
    assert "token=" in sent
    assert "hello from the app" in requests.get(sent, timeout=60).text
    bare = sent.partition("?")[0]
    root = f"http://{urlsplit(bare).netloc}/"
    picture_address = f"{bare}voila/files/map.svg"
    for address in (root, bare, f"{bare}?token=wrong", f"{bare}app.ipynb", picture_address):
        refused = requests.get(address, timeout=60)
        assert "hello from the app" not in refused.text
        assert "<svg" not in refused.text
        assert refused.status_code in (403, 404) or "/login" in refused.url
    assert Visitor(hub_server, "bob").open(SPACE).status_code == 404
    assert Visitor(hub_server, None).open(SPACE).status_code == 401


def test_everybody_may_visit_the_app_of_a_protected_space_and_nothing_else(
    hub_server: HubServer, ada: Visitor
) -> None:
    put_space(hub_server, SPACE, HELLO, files={"map.svg": b"<svg/>"})
    client = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    client.update_repo_settings(SPACE, repo_type="space", visibility="protected")
    assert client.space_info(SPACE).private
    info = requests.get(
        f"{hub_server.endpoint}/api/spaces/{SPACE}", headers=ada.headers, timeout=30
    )
    assert info.json()["visibility"] == "protected"
    for stranger in (Visitor(hub_server, "bob"), Visitor(hub_server, None)):
        assert "hello from the app" in stranger.page(SPACE)
        root = stranger.open(SPACE).headers["Location"].partition("?")[0]
        for path in ("voila/files/map.svg", "voila/files/app.ipynb", "voila/files/README.md"):
            assert requests.get(root + path, timeout=60).status_code in (403, 404)
        for path in ("", "/runtime", "/tree/main", "/variables", "/logs/run", "/discussions"):
            answer = requests.get(
                f"{hub_server.endpoint}/api/spaces/{SPACE}{path}",
                headers=stranger.headers,
                timeout=30,
            )
            assert answer.headers.get("X-Error-Code") == "RepoNotFound", path
        listed = requests.get(
            f"{hub_server.endpoint}/api/spaces", headers=stranger.headers, timeout=30
        )
        assert SPACE not in listed.text
    client.update_repo_settings(SPACE, repo_type="space", visibility="private")
    assert Visitor(hub_server, "bob").open(SPACE).status_code == 404
    assert "token=" in ada.open(SPACE).headers["Location"]


def test_a_protected_space_stays_so_when_it_is_moved_and_copied(
    hub_server: HubServer, ada: Visitor
) -> None:
    client = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    client.create_repo(SPACE, repo_type="space", space_sdk="static", visibility="protected")
    client.move_repo(SPACE, "ada/moved", repo_type="space")
    client.duplicate_repo("ada/moved", "ada/copy", repo_type="space")
    for name in ("ada/moved", "ada/copy"):
        assert client.space_info(name).private
        assert Visitor(hub_server, "bob").open(name).status_code == 503
    sent = Visitor(hub_server, "bob").open(SPACE)
    assert (sent.status_code, "ada/moved" in sent.headers.get("Location", "")) == (307, True)
    asked = requests.get(f"{hub_server.endpoint}/api/spaces/{SPACE}", timeout=30)
    assert asked.headers["X-Error-Code"] == "RepoNotFound"


def test_a_visitor_is_not_told_why_a_protected_app_fails(
    hub_server: HubServer, ada: Visitor
) -> None:
    put_space(hub_server, SPACE, card="---\nsdk: voila\napp_file: secret-plan.ipynb\n---\n")
    client = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    client.update_repo_settings(SPACE, repo_type="space", visibility="protected")
    assert "secret-plan" in ada.open(SPACE).text
    bob = Visitor(hub_server, "bob")
    for answer in (
        bob.open(SPACE),
        bob.open(SPACE, Accept="text/html"),
        bob.post(f"/api/phub/spaces/{SPACE}/start"),
    ):
        assert "ask the owner" in answer.text
        assert "secret-plan" not in answer.text


def test_the_cookie_of_a_private_space_is_for_its_own_path(
    hub_server: HubServer, ada: Visitor
) -> None:
    put_space(hub_server, SPACE, HELLO, private=True)
    sent = urlsplit(ada.open(SPACE).headers["Location"])
    assert len(sent.path) > 30
    browser = requests.Session()
    browser.get(sent.geturl(), timeout=60)
    login = [cookie for cookie in browser.cookies if cookie.name.startswith("username-")]
    assert [cookie.path for cookie in login] == [sent.path]
    again = browser.get(sent._replace(query="").geturl(), timeout=60)
    assert "hello from the app" in again.text


def test_no_secret_is_on_a_command_line_or_in_the_log(
    hub_server: HubServer, ada: Visitor, tmp_path: Path
) -> None:
    code = "import os, sys\nprint(os.environ['HF_TOKEN'], file=sys.__stderr__, flush=True)"
    put_space(hub_server, SPACE, code, private=True)
    sent = ada.open(SPACE).headers["Location"]
    requests.get(sent, timeout=60)
    token = sent.partition("token=")[2]
    programs = running_programs(str(tmp_path))
    assert len(programs) >= 3
    assert not [one for one in programs if token in " ".join(one.cmdline())]
    log = next(tmp_path.rglob("run.log"))
    wait_for(lambda: "***" in log.read_text())
    assert not re.search(r"hf_\w{20}", log.read_text())
    assert token not in log.read_text()


def test_a_new_commit_is_shown_at_the_next_visit(hub_server: HubServer, ada: Visitor) -> None:
    put_space(hub_server, SPACE, HELLO)
    assert "hello from the app" in ada.page(SPACE)
    put_space(hub_server, SPACE, "print('the second', 'edition')")
    page = ada.page(SPACE)
    assert "the second edition" in page
    assert "hello from the app" not in page


def test_pause_and_restart(hub_server: HubServer, ada: Visitor, tmp_path: Path) -> None:
    put_space(hub_server, SPACE, HELLO)
    ada.page(SPACE)
    assert Visitor(hub_server, "bob").post(f"/api/spaces/{SPACE}/pause").status_code == 403
    paused = ada.post(f"/api/spaces/{SPACE}/pause").json()
    assert paused["stage"] == "PAUSED"
    assert running_programs(str(tmp_path)) == []
    refused = ada.open(SPACE, Accept="text/html")
    assert refused.status_code == 503
    assert "paused" in refused.text
    assert ada.runtime(SPACE)["stage"] == "PAUSED"
    restarted = ada.post(f"/api/spaces/{SPACE}/restart").json()
    assert restarted["stage"] == "RUNNING"
    assert "hello from the app" in ada.page(SPACE)


def test_a_space_that_turns_private_closes_at_once(hub_server: HubServer, ada: Visitor) -> None:
    put_space(hub_server, SPACE, HELLO)
    open_address = ada.open(SPACE).headers["Location"]
    api = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    api.update_repo_settings(SPACE, repo_type="space", private=True)
    wait_for(lambda: ada.runtime(SPACE)["stage"] == "STOPPED")
    with pytest.raises(requests.ConnectionError):
        requests.get(open_address, timeout=10)
    assert "token=" in ada.open(SPACE).headers["Location"]


def test_a_deleted_space_ends_and_its_token_with_it(
    hub_server: HubServer, ada: Visitor, tmp_path: Path
) -> None:
    put_space(hub_server, SPACE, HELLO)
    ada.open(SPACE)
    names = [token.name for token in hub_server.hub.accounts.tokens_of("ada")]
    assert f"Space {SPACE}" in names
    HfApi(endpoint=hub_server.endpoint, token=hub_server.token()).delete_repo(
        SPACE, repo_type="space"
    )
    wait_for(lambda: running_programs(str(tmp_path)) == [])
    names = [token.name for token in hub_server.hub.accounts.tokens_of("ada")]
    assert f"Space {SPACE}" not in names


def test_a_space_without_visitors_stops(
    hub_server: HubServer, ada: Visitor, tmp_path: Path
) -> None:
    hub_server.hub.spaces.idle_seconds = 2
    put_space(hub_server, SPACE, HELLO)
    ada.page(SPACE)
    wait_for(lambda: ada.runtime(SPACE)["stage"] == "STOPPED")
    assert running_programs(str(tmp_path)) == []


def test_what_is_wrong_is_said(hub_server: HubServer, ada: Visitor) -> None:
    cases = {
        "---\nsdk: gradio\n---\n": ("CONFIG_ERROR", "sdk"),
        "---\nsdk: voila\napp_file: ../x.ipynb\n---\n": ("CONFIG_ERROR", "app_file"),
        "---\nsdk: voila\napp_file: run.py\n---\n": ("CONFIG_ERROR", "notebook"),
        "---\nsdk: voila\n---\n": ("NO_APP_FILE", "app.ipynb is missing"),
    }
    for card, (stage, message) in cases.items():
        put_space(hub_server, SPACE, card=card)
        page = ada.open(SPACE, Accept="text/html,*/*")
        assert page.status_code == 503
        assert message in page.text
        assert ada.runtime(SPACE)["stage"] == stage
        started = ada.post(f"/api/phub/spaces/{SPACE}/start").json()
        assert (started["stage"], started["url"]) == (stage, None)
        assert message in started["message"]
    put_space(hub_server, SPACE, HELLO)
    assert ada.open(SPACE).status_code == 302


def test_an_app_that_cannot_start_says_why(hub_server: HubServer, ada: Visitor) -> None:
    hub_server.hub.spaces._patience = 0.1
    put_space(hub_server, SPACE, HELLO)
    refused = ada.open(SPACE)
    assert refused.status_code == 503
    assert "did not answer within 0.1 seconds" in refused.json()["error"]


def test_too_many_spaces_are_refused(hub_server: HubServer, ada: Visitor) -> None:
    hub_server.hub.spaces._max_running = 0
    put_space(hub_server, SPACE, HELLO)
    refused = ada.open(SPACE)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0


def test_an_app_that_ends_shows_its_log_to_who_may_write(
    hub_server: HubServer, ada: Visitor
) -> None:
    put_space(
        hub_server,
        SPACE,
        "import os, psutil\nprint('last words', file=__import__('sys').__stderr__, flush=True)\n"
        "psutil.Process().parent().kill()",
    )
    sent = ada.open(SPACE).headers["Location"]
    with pytest.raises(requests.RequestException):
        requests.get(sent, timeout=30)
    wait_for(lambda: ada.runtime(SPACE)["stage"] == "RUNTIME_ERROR")
    api = HfApi(endpoint=hub_server.endpoint, token=hub_server.token())
    assert any("last words" in line for line in api.fetch_space_logs(SPACE))


def test_many_visitors_at_once_start_one_app(
    hub_server: HubServer, ada: Visitor, tmp_path: Path
) -> None:
    put_space(hub_server, SPACE, HELLO)

    async def crowd() -> list[requests.Response]:
        return await asyncio.gather(*(asyncio.to_thread(ada.open, SPACE) for _ in range(6)))

    places = {answer.headers["Location"] for answer in asyncio.run(crowd())}
    assert len(places) == 1
    servers = [one for one in running_programs(str(tmp_path)) if "voila" in one.cmdline()]
    assert len(servers) == 2  # the guard, which names the command it runs, and the server itself


def test_the_log_of_a_running_space_is_followed(hub_server: HubServer, ada: Visitor) -> None:
    put_space(hub_server, SPACE, HELLO)
    ada.open(SPACE)
    address = f"{hub_server.endpoint}/api/spaces/{SPACE}/logs/run"
    with requests.get(address, headers=ada.headers, stream=True, timeout=30) as stream:
        first = next(line for line in stream.iter_lines() if line)
    event = json.loads(first.removeprefix(b"data: "))
    assert event["data"].endswith("\n")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["timestamp"])


def test_nothing_of_an_app_outlives_its_end(
    hub_server: HubServer, ada: Visitor, tmp_path: Path
) -> None:
    code = "import subprocess\nsubprocess.Popen(['sleep', '300'], start_new_session=True)"
    put_space(hub_server, SPACE, code)
    sent = urlsplit(ada.open(SPACE).headers["Location"])
    requests.get(sent.geturl(), timeout=60)
    assert [one for one in running_programs(str(tmp_path)) if one.name() == "sleep"]
    ada.post(f"/api/spaces/{SPACE}/pause")
    assert running_programs(str(tmp_path)) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", sent.port or 0)) != 0
