"""What is sent again without asking must stop being sent at once when it is not so any more."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import delete

from phub_jupyter.hub.database.changes import Remembered, SqliteChanges
from phub_jupyter.hub.database.tables import Token
from phub_jupyter.hub.repos.git_repository import MAIN
from phub_jupyter.hub.settings import StoreSettings

from .repo_client import RepoClient, add


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub with ada and bob."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("answers") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    yield server
    server.close()


def info(server: Any, name: str, token: str | None, query: str = "") -> requests.Response:
    """Ask twice, so that the second answer is a known one if there are any."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    url = f"{server.endpoint}/api/models/{name}{query}"
    first = requests.get(url, headers=headers, timeout=30)
    second = requests.get(url, headers=headers, timeout=30)
    assert (first.status_code, first.text) == (second.status_code, second.text)
    return second


def test_a_revoked_token_is_refused_at_once(served: Any) -> None:
    RepoClient(served, "revoked", private=True)
    token = served.token("ada")
    assert info(served, "ada/revoked", token).status_code == 200
    served.hub.accounts.revoke_token(token)
    assert info(served, "ada/revoked", token).status_code == 401


def test_a_token_revoked_by_another_process_is_refused_at_once(served: Any) -> None:
    RepoClient(served, "elsewhere", private=True)
    token = served.token("ada")
    assert info(served, "ada/elsewhere", token).status_code == 200
    root = served.hub.root
    elsewhere = StoreSettings.from_environment(root).open_database(root)
    with elsewhere.write() as session:
        session.execute(delete(Token))
    elsewhere.close()
    assert info(served, "ada/elsewhere", token).status_code == 401


def test_a_token_ends_when_it_should(served: Any) -> None:
    RepoClient(served, "short", private=True)
    token = served.token("ada", lifetime=timedelta(seconds=1.5))
    assert info(served, "ada/short", token).status_code == 200
    time.sleep(1.6)
    assert info(served, "ada/short", token).status_code == 401


def test_changes_are_seen_at_once(served: Any) -> None:
    model = RepoClient(served, "changing")
    ada, bob = served.token("ada"), served.token("bob")
    before = info(served, "ada/changing", bob).json()
    assert model.commit(add("README.md", "---\nlicense: mit\n---\n")).status_code == 200
    after = info(served, "ada/changing", bob).json()
    assert (before["sha"] != after["sha"], "license:mit" in after["tags"]) == (True, True)
    assert info(served, "ada/changing", bob).json()["liked"] is False
    assert model.request("POST", f"{model.api}/like", user="bob").status_code == 200
    assert info(served, "ada/changing", bob).json()["liked"] is True
    assert info(served, "ada/changing", ada).json()["liked"] is False
    assert "liked" not in info(served, "ada/changing", None).json()
    assert set(info(served, "ada/changing", ada, "?expand=sha").json()) == {"_id", "id", "sha"}
    model.request("PUT", f"{model.api}/settings", json={"private": True})
    assert info(served, "ada/changing", bob).status_code == 404
    assert info(served, "ada/changing", ada).json()["private"] is True


def test_a_branch_that_the_index_does_not_know_of_is_seen_at_once(served: Any) -> None:
    model = RepoClient(served, "pushed")
    token = served.token()
    assert model.commit(add("a.txt", "a")).status_code == 200
    newest = info(served, "ada/pushed", token).json()["sha"]
    first = model.git.log(model.head)[-1].oid
    model.git.move_ref(MAIN, newest, first)
    answer = info(served, "ada/pushed", token).json()
    assert answer["sha"] == first
    assert [item["rfilename"] for item in answer["siblings"]] == [".gitattributes"]


def test_what_was_worked_out_before_a_write_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE t (x)")
    writer.commit()
    changes = SqliteChanges(path)
    kept: Remembered[str] = Remembered(changes.version, seconds=0.5)
    version = kept.now()
    writer.execute("INSERT INTO t VALUES (1)")
    kept.put("early", "worked out before the commit", version)
    assert kept.get("early") is not None
    writer.commit()
    assert kept.get("early") is None
    kept.put("k", "v", kept.now())
    assert kept.get("k") == "v"
    changes.close()
    assert kept.get("k") is None  # nobody watched for a moment
    kept.put("k", "v", kept.now())
    time.sleep(0.6)
    assert kept.get("k") is None
    kept.put("k", "v", None)
    assert kept.get("k") is None
    changes.close()
    writer.close()
