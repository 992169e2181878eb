"""Text that JSON lets through and no database or git takes: refused by its field, never a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from ..conftest import HubServer

pytestmark = pytest.mark.both_stores

MODEL = "/api/models/ada/m"


@pytest.fixture(scope="module")
def served(stores: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A hub with a gated model, an organization, and bob, who asked for access."""
    server = HubServer(tmp_path_factory.mktemp("half") / "hub")
    server.add_user("ada")
    server.add_user("bob")
    server.hub.accounts.add_org("acme", "ada")
    call(server, "POST", "/api/repos/create", {"name": "m"}).raise_for_status()
    call(server, "PUT", f"{MODEL}/settings", {"gated": "manual"}).raise_for_status()
    call(server, "POST", f"{MODEL}/user-access-request/grant", {"user": "bob"}).raise_for_status()
    yield server
    server.close()


def call(server: HubServer, method: str, path: str, body: dict[str, Any]) -> requests.Response:
    headers = {**server.headers("ada"), "Content-Type": "application/json"}
    return requests.request(
        method, server.endpoint + path, data=json.dumps(body), headers=headers, timeout=30
    )


@pytest.mark.parametrize("bad", ["half \ud800", "nul \0"], ids=["half", "nul"])
@pytest.mark.parametrize(
    ("method", "path", "field", "rest"),
    [
        ("POST", "/api/settings/tokens", "name", {"role": "read"}),
        ("POST", "/api/settings/tokens", "role", {"name": "x"}),
        ("POST", "/api/organizations", "name", {}),
        ("PUT", "/api/organizations/acme/members/bob", "role", {}),
        ("POST", "/api/organizations/acme/resource-groups", "name", {}),
        ("POST", "/api/organizations/acme/resource-groups", "description", {"name": "g"}),
        ("POST", f"{MODEL}/resource-group", "resourceGroupId", {}),
        ("POST", f"{MODEL}/user-access-request/grant", "user", {}),
        ("POST", f"{MODEL}/user-access-request/handle", "requestId", {"status": "accepted"}),
        (
            "POST",
            f"{MODEL}/user-access-request/handle",
            "rejectionReason",
            {"user": "bob", "status": "rejected"},
        ),
        ("POST", f"{MODEL}/discussions", "title", {"description": "x"}),
        ("POST", f"{MODEL}/discussions", "description", {"title": "x"}),
        ("POST", f"{MODEL}/tag/main", "message", {"tag": "t"}),
        ("POST", "/api/collections", "title", {"namespace": "ada"}),
    ],
)
def test_a_text_is_refused_by_its_field(
    served: HubServer, method: str, path: str, field: str, rest: dict[str, Any], bad: str
) -> None:
    answer = call(served, method, path, {**rest, field: bad})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"].startswith(f"{field}:")


def test_names_in_addresses_and_scopes_are_found_by_nothing(served: HubServer) -> None:
    scope = {"type": "org", "name": "acme\0", "rights": ["read"]}
    wish = {"name": "x", "role": "fineGrained", "scopes": [scope]}
    assert call(served, "POST", "/api/settings/tokens", wish).status_code == 404
    for path in ("/api/users/ada%00/overview", "/api/organizations/acme%00/members"):
        assert call(served, "GET", path, {}).status_code == 404
