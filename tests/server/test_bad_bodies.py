"""Bodies that mean nothing, sent to every address that takes one: a refusal each, never a fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from phub_jupyter.identifiers import RepoId, RepoType

from .test_doors import DOORS

BODIES = {
    "nothing": b"",
    "not JSON": b"{",
    "not text": b"\xff\xfe\x00",
    "a list": b"[]",
    "null": b"null",
    "a number": b"1e999",
    "deeply nested": b"[" * 100_000,
    "wrong types": b'{"files": 5, "inputs": {"a": []}, "name": [], "type": {}, "visibility": 3, '
    b'"private": "yes", "objects": "x", "operation": [], "tag": 7, "startingPoint": [], '
    b'"content": {}, "repoType": 9, "paths": 4, "parameters": [1]}',
    "lists of wrong types": b'{"files": [1, null], "inputs": [1], "objects": [1, {"oid": 5}], '
    b'"operation": "upload"}',
    "lines": b'{"key": "header", "value": []}\n{"key": "file", "value": {"path": 5}}\n',
}
BODY_METHODS = ("post", "put", "patch", "delete")
ELSEWHERE = [("post", "/api/repos/create"), ("delete", "/api/repos/delete")]
ELSEWHERE += [("post", "/api/validate-yaml"), ("post", "/v1/telemetry")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A hub where ada has a repository of each type, all named ``own``."""
    from ..conftest import HubServer

    server = HubServer(tmp_path_factory.mktemp("bodies") / "hub")
    server.add_user("ada")
    actor = server.hub.accounts.actor_for_user("ada")
    for repo_type in set(RepoType) - {RepoType.BUCKET}:
        server.hub.repositories.create(
            actor, repo_type, RepoId.parse("ada/own"), private=False, sdk=None
        )
    server.hub.buckets.create(actor, RepoId.parse("ada/own"), private=False)
    yield server
    server.close()


@pytest.mark.parametrize("kind", BODIES)
def test_no_body_is_a_fault(served: Any, kind: str) -> None:
    headers = served.headers()
    headers["Content-Type"] = "application/json"
    faults = []
    for method, address in [*DOORS, *ELSEWHERE]:
        if method not in BODY_METHODS or address.endswith(("/restart", "/pause", "/start")):
            continue
        url = served.endpoint + address.replace("{name}", "own")
        answer = requests.request(method, url, headers=headers, data=BODIES[kind], timeout=60)
        if answer.status_code >= 500 and answer.status_code != 501:
            faults.append(f"{method} {address} answers {answer.status_code}: {answer.text[:100]}")
    assert not faults, "\n".join(faults)
    assert [repo.name for repo in served.hub.repositories.all()] == ["own"] * 4
