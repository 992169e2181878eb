"""Volumes of Spaces: set by the real client, read by a real app, with nobody else's rights."""

from __future__ import annotations

import http.client
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from tests.conftest import HubServer
from tests.server.space_app import Visitor, put_space

SPACE, DATA = "ada/app", "ada/secret-words"
PICTURE = b"\x89PNG\r\n\x1a\n of nobody's business"
READ = """
import json, os, pathlib
places = json.loads(os.environ["PHUB_VOLUMES"])
for mount, place in places.items():
    for path in sorted(pathlib.Path(place).rglob("*.txt")):
        print("<<", mount, path.name, path.read_text(), oct(path.stat().st_mode & 0o777), ">>")
pathlib.Path("app.ipynb").write_text("{}")
served = [one for one in places.values() if pathlib.Path(one).is_relative_to(pathlib.Path.cwd())]
print("<< volumes", len(places), "below what Voila serves", len(served), ">>")
"""
GOOD = {"type": "dataset", "source": DATA, "mountPath": "/data"}


def api(server: HubServer, user: str = "ada") -> HfApi:
    """The unmodified client as that user."""
    return HfApi(endpoint=server.endpoint, token=server.token(user))


def put_data(server: HubServer, repo_id: str = DATA, text: bytes = b"hush") -> None:
    """A private dataset of ada's with a text and a picture."""
    client = api(server)
    client.create_repo(repo_id, repo_type="dataset", private=True, exist_ok=True)
    for path, content in (("words/a.txt", text), ("b.txt", b"outside"), ("words/p.png", PICTURE)):
        client.upload_file(
            path_or_fileobj=content, path_in_repo=path, repo_id=repo_id, repo_type="dataset"
        )


def put(server: HubServer, volumes: Any, user: str = "ada", space: str = SPACE) -> Any:
    """Set volumes with a body of our own."""
    return requests.put(
        f"{server.endpoint}/api/spaces/{space}/volumes",
        headers=server.headers(user),
        json={"volumes": volumes},
        timeout=30,
    )


def printed(page: str) -> list[str]:
    """What the app said."""
    return re.findall(r"<< (.*?) >>", unescape(page))


def raw(address: str, path: str) -> tuple[int, bytes]:
    """What a visitor gets who writes any path they like."""
    where = urlsplit(address)
    assert where.hostname is not None
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_an_app_reads_a_private_dataset_and_hands_out_none_of_it(hub_server: HubServer) -> None:
    put_data(hub_server)
    put_space(hub_server, SPACE, READ, files={"own.png": PICTURE})
    client, stranger = api(hub_server), Visitor(hub_server, None)
    volume = Volume(type="dataset", source=DATA, mount_path="/data", path="words")
    client.set_space_volumes(SPACE, [volume])
    shown = client.get_space_runtime(SPACE).volumes
    assert shown == [Volume(**volume.to_dict(), read_only=True)]
    assert stranger.runtime(SPACE)["volumes"] == []

    said = printed(stranger.page(SPACE))
    assert said == ["/data a.txt hush 0o444", "volumes 1 below what Voila serves 0"]
    address = stranger.open(SPACE).headers["Location"]
    assert raw(address, "/voila/files/own.png") == (200, PICTURE)  # what could be handed out is
    for path in (
        *("../volumes/0/p.png", "..%2fvolumes%2f0%2fp.png", "%2e%2e/volumes/0/p.png"),
        *("volumes/0/p.png", "data/p.png", f"{hub_server.hub.root}/spaces/x/run/volumes/0/p.png"),
    ):
        status, body = raw(address, f"/voila/files/{path}")
        assert status in (400, 403, 404), path
        assert PICTURE not in body

    put_data(hub_server, text=b"newer")
    client.restart_space(SPACE)
    assert printed(stranger.page(SPACE))[0] == "/data a.txt newer 0o444"
    client.delete_space_volumes(SPACE)
    assert client.get_space_runtime(SPACE).stage == "STOPPED"  # the next start goes without
    kept = hub_server.hub.root / "cache/snapshots"
    assert list(kept.glob("*/*/words/a.txt")), "a checkout went with the app that read it"


@pytest.mark.parametrize(
    ("volumes", "word"),
    [
        ("x", "volumes"),
        (None, "volumes"),
        ([1], "volumes"),
        ([{**GOOD, "type": "bucket"}], "type"),
        ([{**GOOD, "type": ["model"]}], "type"),
        ([{**GOOD, "source": None}], "source"),
        ([{**GOOD, "source": "../x"}], "source"),
        ([{**GOOD, "source": "bob/hidden"}], "source"),
        ([{**GOOD, "source": "bob/missing"}], "source"),
        ([{**GOOD, "readOnly": False}], "readOnly"),
        ([{**GOOD, "readOnly": 1.5}], "readOnly"),
        ([{**GOOD, "revision": "nowhere"}], "revision"),
        ([{**GOOD, "revision": "a\x00\ud800"}], "revision"),
        ([{**GOOD, "revision": 7}], "revision"),
        ([{**GOOD, "path": "../other"}], "path"),
        ([{**GOOD, "path": "/etc"}], "path"),
        ([{**GOOD, "path": "words/a.txt"}], "path"),
        ([{**GOOD, "path": "missing"}], "path"),
        ([{**GOOD, "path": ["words"]}], "path"),
        ([{**GOOD, "mountPath": "data"}], "mountPath"),
        ([{**GOOD, "mountPath": "/data/../etc"}], "mountPath"),
        ([{**GOOD, "mountPath": "/"}], "mountPath"),
        ([{**GOOD, "mountPath": "/a\n"}], "mountPath"),
        ([{**GOOD, "mountPath": 3}], "mountPath"),
        ([GOOD, GOOD], "mountPath"),
        ([{**GOOD, "mountPath": f"/{n}"} for n in range(11)], "10"),
        ([{**GOOD, "mode": "rw"}], "mode"),
    ],
)
def test_what_cannot_be_mounted_is_named(volumes_hub: HubServer, volumes: Any, word: str) -> None:
    answer = put(volumes_hub, volumes)
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert Visitor(volumes_hub).runtime(SPACE)["volumes"] == []


@pytest.fixture(scope="module")
def volumes_hub(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A hub with a Space and a dataset of ada's, and one that only bob may see."""
    server = HubServer(tmp_path_factory.mktemp("volumes") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    put_space(server, SPACE, READ)
    put_data(server)
    api(server, "bob").create_repo("bob/hidden", repo_type="dataset", private=True)
    yield server
    server.close()


def test_hidden_and_missing_sources_look_alike(volumes_hub: HubServer) -> None:
    errors = [
        put(volumes_hub, [{**GOOD, "source": source}]).json()["error"]
        for source in ("bob/hidden", "bob/missing")
    ]
    assert errors[0] == errors[1]


def test_who_may_set_them_and_with_which_token(volumes_hub: HubServer) -> None:
    assert put(volumes_hub, [], user="bob").status_code == 403
    ending = volumes_hub.hub.accounts.add_token(
        "ada", name="ending", role="write", lifetime=timedelta(days=1)
    )
    client = HfApi(endpoint=volumes_hub.endpoint, token=ending)
    volume = Volume(type="dataset", source=DATA, mount_path="/data")
    with pytest.raises(HfHubHTTPError, match="does not expire"):
        client.set_space_volumes(SPACE, [volume])
    client.set_space_volumes(SPACE, [])  # which lends nothing


def test_development_mode_is_refused_with_the_reason(volumes_hub: HubServer) -> None:
    with pytest.raises(BadRequestError, match="push a commit instead"):
        api(volumes_hub).enable_space_dev_mode(SPACE)
    assert api(volumes_hub).disable_space_dev_mode(SPACE).dev_mode is False


def test_what_its_lender_lost_the_app_loses(hub_server: HubServer) -> None:
    hub_server.hub.accounts.add_org("acme", "ada")
    hub_server.hub.accounts.add_member("acme", "bob", "admin")
    put_data(hub_server, "acme/secret-words")
    put_space(hub_server, "acme/app", READ)
    assert put(hub_server, [{**GOOD, "source": "acme/secret-words"}], "bob", "acme/app").ok
    hub_server.hub.accounts.add_member("acme", "bob", "read")  # still reads the dataset
    answer = Visitor(hub_server).post("/api/phub/spaces/acme/app/start").json()
    assert answer["stage"] == "CONFIG_ERROR"
    assert "may not manage this Space" in answer["message"]

    hub_server.hub.accounts.add_member("acme", "bob", "admin")
    api(hub_server).delete_repo("acme/secret-words", repo_type="dataset")
    put_data(hub_server, "acme/secret-words", b"another one of that name")
    answer = Visitor(hub_server).post("/api/phub/spaces/acme/app/start").json()
    assert answer["stage"] == "CONFIG_ERROR"
    seen = Visitor(hub_server, None).runtime("acme/app")
    assert "cannot read it any more" in str(seen["errorMessage"])
    assert "secret-words" not in json.dumps([answer, seen])


def test_new_and_copied_spaces_have_the_volumes_that_are_asked_for(hub_server: HubServer) -> None:
    put_data(hub_server)
    client = api(hub_server)
    volume = Volume(type="dataset", source=DATA, mount_path="/data")
    client.create_repo(SPACE, repo_type="space", space_sdk="static", space_volumes=[volume])
    client.duplicate_repo(SPACE, "ada/bare", repo_type="space")
    client.move_repo(SPACE, "ada/elsewhere", repo_type="space")
    client.move_repo(DATA, "ada/renamed", repo_type="dataset")
    found = client.get_space_runtime("ada/elsewhere").volumes
    assert found is not None
    assert [one.source for one in found] == ["ada/renamed"]
    assert client.get_space_runtime("ada/bare").volumes == []
    refused = requests.post(
        f"{hub_server.endpoint}/api/repos/create",
        headers=hub_server.headers("bob"),
        json={"name": "thief", "type": "space", "sdk": "static", "volumes": [GOOD]},
        timeout=30,
    )
    assert refused.status_code == 400
    assert not client.repo_exists("bob/thief", repo_type="space")
