"""Bodies that mean nothing, sent to every address that takes one: a refusal each, never a fault."""

from __future__ import annotations

from typing import Any

import pytest
import requests

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


@pytest.mark.parametrize("kind", BODIES)
def test_no_body_is_a_fault(own: Any, kind: str) -> None:
    headers = own.headers()
    headers["Content-Type"] = "application/json"
    faults = []
    for method, address in [*DOORS, *ELSEWHERE]:
        if method not in BODY_METHODS or address.endswith(("/restart", "/pause", "/start")):
            continue
        url = own.endpoint + address.replace("{name}", "own")
        answer = requests.request(method, url, headers=headers, data=BODIES[kind], timeout=60)
        if answer.status_code >= 500 and answer.status_code != 501:
            faults.append(f"{method} {address} answers {answer.status_code}: {answer.text[:100]}")
    assert not faults, "\n".join(faults)
    assert [repo.name for repo in own.hub.repositories.all()] == ["own"] * 4
