"""People, organizations, resource groups and tokens over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer


class Person:
    """Calls the hub as somebody, and returns status and JSON."""

    def __init__(self, served: HubServer, user: str | None, role: str = "write") -> None:
        self._root = served.endpoint
        self._headers = served.headers(user, role) if user else {}

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = requests.request(
            method, self._root + path, json=body, headers=self._headers, timeout=30
        )
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    server = HubServer(tmp_path_factory.mktemp("people") / "hub")
    for name in ("ada", "bob", "eve"):
        server.add_user(name)
    server.add_user("root", admin=True)
    yield server
    server.close()


@pytest.fixture
def acme(served: HubServer, request: pytest.FixtureRequest) -> str:
    """An organization that ada administers and bob is in."""
    name = f"acme{abs(hash(request.node.name)) % 10**9}"
    assert Person(served, "ada")("POST", "/api/organizations", {"name": name})[0] == 200
    assert Person(served, "ada")("PUT", f"/api/organizations/{name}/members/bob", {"role": "read"})
    return name


def private_repo(served: HubServer, org: str, name: str = "m") -> str:
    actor = served.hub.accounts.actor_for_user("ada")
    repo_id = RepoId(org, name)
    served.hub.repositories.create(actor, RepoType.MODEL, repo_id, private=True, sdk=None)
    return f"/api/models/{org}/{name}"


def test_an_overview_counts_what_the_asker_sees(served: HubServer, acme: str) -> None:
    private_repo(served, acme)
    path = f"/api/organizations/{acme}/overview"
    assert Person(served, "bob")("GET", path)[1]["numModels"] == 1
    status, seen = Person(served, "eve")("GET", path)
    assert (status, seen["numModels"], seen["numUsers"]) == (200, 0, 2)
    assert Person(served, None)("GET", f"/api/users/{acme}/overview")[0] == 404
    user = Person(served, "eve")("GET", "/api/users/BOB/overview")[1]
    assert user["user"] == "bob"
    assert acme in [org["name"] for org in user["orgs"]]


def test_following(served: HubServer) -> None:
    eve = Person(served, "eve")
    for _ in range(2):
        assert eve("POST", "/api/users/ada/follow") == (200, {"following": True})
    assert [one["user"] for one in eve("GET", "/api/users/ada/followers")[1]] == ["eve"]
    assert [one["user"] for one in eve("GET", "/api/users/eve/following")[1]] == ["ada"]
    assert eve("GET", "/api/users/ada/overview")[1]["isFollowing"] is True
    assert eve("DELETE", "/api/users/ada/follow")[0] == 200
    assert eve("GET", "/api/users/ada/followers")[1] == []
    assert eve("POST", "/api/users/eve/follow")[0] == 400
    assert eve("POST", "/api/users/nobody/follow")[0] == 404
    assert Person(served, None)("POST", "/api/users/ada/follow")[0] == 401
    assert Person(served, "eve", "read")("POST", "/api/users/ada/follow")[0] == 403


def test_members_come_page_by_page(served: HubServer, acme: str) -> None:
    url = f"{served.endpoint}/api/organizations/{acme}/members?limit=1"
    first = requests.get(url, timeout=30)
    second = requests.get(first.links["next"]["url"], timeout=30)
    assert [one["user"] for one in first.json() + second.json()] == ["ada", "bob"]
    assert "next" not in second.links


def test_roles_are_given_and_taken(served: HubServer, acme: str) -> None:
    ada, bob = Person(served, "ada"), Person(served, "bob")
    members = f"/api/organizations/{acme}/members"
    repo = private_repo(served, acme)
    assert bob("GET", f"{repo}/auth-check/write")[0] == 403
    assert ada("PUT", f"{members}/bob", {"role": "write"})[0] == 200
    assert bob("GET", f"{repo}/auth-check/write")[0] == 200
    assert bob("PUT", f"{members}/eve", {"role": "read"})[0] == 403
    assert ada("PUT", f"{members}/eve", {"role": "owner"})[0] == 400
    assert ada("PUT", f"{members}/nobody", {"role": "read"})[0] == 404
    assert ada("DELETE", f"{members}/ada")[0] == 409
    assert ada("PUT", f"{members}/ada", {"role": "read"})[0] == 409
    assert bob("GET", f"/api/organizations/{acme}/roles")[1][1] == {"user": "bob", "role": "write"}
    assert Person(served, "eve")("GET", f"/api/organizations/{acme}/roles")[0] == 403
    assert bob("DELETE", f"{members}/bob")[0] == 200
    assert bob("GET", repo)[0] == 404
    assert ada("DELETE", f"{members}/bob")[0] == 404


def test_a_resource_group_hides_its_repositories(served: HubServer, acme: str) -> None:
    ada, bob = Person(served, "ada"), Person(served, "bob")
    root = f"/api/organizations/{acme}/resource-groups"
    repo = private_repo(served, acme)
    status, group = ada("POST", root, {"name": "secret project"})
    assert status == 200
    assert ada("POST", root, {"name": "secret project"})[0] == 409
    assert bob("POST", root, {"name": "mine"})[0] == 403
    assert bob("GET", repo)[0] == 200
    assert bob("POST", f"{repo}/resource-group", {"resourceGroupId": group["id"]})[0] == 403
    assert ada("POST", f"{repo}/resource-group", {"resourceGroupId": group["id"]})[0] == 200
    assert bob("GET", repo)[0] == 404
    assert bob("GET", root)[1] == []
    member = f"{root}/{group['id']}/users/bob"
    assert ada("PUT", member, {"role": "write"})[0] == 200
    assert bob("GET", f"{repo}/auth-check/write")[0] == 200
    assert [one["name"] for one in bob("GET", root)[1]] == ["secret project"]
    assert ada("DELETE", f"{root}/{group['id']}")[0] == 409
    assert ada("DELETE", member)[0] == 200
    assert bob("GET", repo)[0] == 404
    assert ada("POST", f"{repo}/resource-group", {"resourceGroupId": None})[0] == 200
    assert bob("GET", repo)[0] == 200
    assert ada("DELETE", f"{root}/{group['id']}")[0] == 200
    assert ada("PUT", f"{root}/{group['id']}/users/eve", {"role": "read"})[0] == 404


def test_who_leaves_an_organization_leaves_its_groups(served: HubServer, acme: str) -> None:
    ada = Person(served, "ada")
    root = f"/api/organizations/{acme}"
    group = ada("POST", f"{root}/resource-groups", {"name": "g"})[1]["id"]
    assert ada("PUT", f"{root}/resource-groups/{group}/users/bob", {"role": "admin"})[0] == 200
    assert ada("DELETE", f"{root}/members/bob")[0] == 200
    assert ada("PUT", f"{root}/members/bob", {"role": "read"})[0] == 200
    assert ada("GET", f"{root}/resource-groups")[1][0]["users"] == []


def test_a_token_is_made_used_and_revoked(served: HubServer) -> None:
    ada = Person(served, "ada")
    wish = {"name": "nightly", "role": "write", "expiresInDays": 30}
    status, made = ada("POST", "/api/settings/tokens", wish)
    assert status == 200
    headers = {"Authorization": f"Bearer {made['token']}"}
    whoami = f"{served.endpoint}/api/whoami-v2"
    assert requests.get(whoami, headers=headers, timeout=30).json()["name"] == "ada"
    (listed,) = [one for one in ada("GET", "/api/settings/tokens")[1] if one["name"] == "nightly"]
    assert listed["expiresAt"] > listed["createdAt"]
    assert listed["lastUsedAt"] is not None
    assert made["token"] not in str(ada("GET", "/api/settings/tokens"))
    assert Person(served, "bob")("DELETE", f"/api/settings/tokens/{listed['id']}")[0] == 404
    assert ada("DELETE", f"/api/settings/tokens/{listed['id']}")[0] == 200
    refused = requests.get(whoami, headers=headers, timeout=30)
    assert refused.status_code == 401
    assert refused.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_a_fine_grained_token_reaches_what_it_names(served: HubServer, acme: str) -> None:
    ada = Person(served, "ada")
    private_repo(served, acme, "one")
    private_repo(served, acme, "two")
    scopes = [{"type": "model", "name": f"{acme}/one", "rights": ["read"]}]
    wish = {"name": "ci", "role": "fineGrained", "scopes": scopes}
    token = ada("POST", "/api/settings/tokens", wish)[1]["token"]
    headers = {"Authorization": f"Bearer {token}"}

    def status(path: str, method: str = "GET") -> int:
        url = f"{served.endpoint}{path}"
        return requests.request(method, url, json={}, headers=headers, timeout=30).status_code

    assert status(f"/api/models/{acme}/one") == 200
    assert status(f"/api/models/{acme}/one/auth-check/write") == 403
    assert status(f"/api/models/{acme}/two") == 404
    assert status("/api/settings/tokens", "POST") in (400, 403)
    scopes = [{"type": "org", "name": acme, "rights": ["read", "write"]}]
    wish = {"name": "ci", "role": "fineGrained", "scopes": scopes}
    headers["Authorization"] = f"Bearer {ada('POST', '/api/settings/tokens', wish)[1]['token']}"
    assert status(f"/api/models/{acme}/two/auth-check/write") == 200


@pytest.mark.parametrize("role", ["read", "fineGrained"])
def test_a_weak_token_makes_no_other(served: HubServer, role: str) -> None:
    weak = Person(served, "ada", role)
    assert weak("POST", "/api/settings/tokens", {"name": "x", "role": "read"})[0] == 403
    assert weak("GET", "/api/settings/tokens")[0] == 403


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"role": "read"}, 400),
        ({"name": "x"}, 400),
        ({"name": "x", "role": "king"}, 400),
        ({"name": "x", "role": "admin"}, 403),
        ({"name": "x", "role": "read", "expiresInDays": 0}, 400),
        ({"name": "x", "role": "read", "expiresInDays": True}, 400),
        ({"name": "x", "role": "read", "scopes": [{}]}, 400),
        ({"name": "x", "role": "fineGrained", "scopes": [{}]}, 400),
        ({"name": "x", "role": "fineGrained", "scopes": "all"}, 400),
        (
            {
                "name": "x",
                "role": "fineGrained",
                "scopes": [{"type": "org", "name": "bob", "rights": ["read"]}],
            },
            404,
        ),
        (
            {
                "name": "x",
                "role": "fineGrained",
                "scopes": [{"type": "user", "name": "bob", "rights": ["read"]}],
            },
            403,
        ),
        (
            {
                "name": "x",
                "role": "fineGrained",
                "scopes": [{"type": "model", "name": "bob/none", "rights": ["read"]}],
            },
            404,
        ),
    ],
)
def test_tokens_that_make_no_sense(served: HubServer, wish: dict[str, Any], status: int) -> None:
    assert Person(served, "ada")("POST", "/api/settings/tokens", wish)[0] == status


def test_a_token_makes_none_that_outlives_it(served: HubServer) -> None:
    ada = Person(served, "ada")
    wish = {"name": "a day", "role": "write", "expiresInDays": 1}
    text = ada("POST", "/api/settings/tokens", wish)[1]["token"]
    url = f"{served.endpoint}/api/settings/tokens"
    headers = {"Authorization": f"Bearer {text}"}
    for more in ({}, {"expiresInDays": 2}):
        body = {"name": "x", "role": "read", **more}
        assert requests.post(url, json=body, headers=headers, timeout=30).status_code == 403


def test_only_administrators_get_tokens_that_administer(served: HubServer) -> None:
    wish = {"name": "x", "role": "admin"}
    assert Person(served, "root", "admin")("POST", "/api/settings/tokens", wish)[0] == 200
    assert Person(served, "root", "write")("POST", "/api/settings/tokens", wish)[0] == 403
