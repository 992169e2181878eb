"""Apps that sign people in: registered, let in, and ended again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from ..conftest import HubServer
from .sign_in import REDIRECT, Client, error_of, register


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    server = HubServer(tmp_path_factory.mktemp("apps") / "hub")
    for name in ("ada", "bob"):
        server.add_user(name)
    server.hub.accounts.add_org("acme", "ada")
    yield server
    server.close()


@pytest.fixture(scope="module")
def client(served: HubServer) -> Client:
    return Client(served, register(served))


def test_connected_apps_are_listed_and_ended(client: Client, served: HubServer) -> None:
    served.add_user("carol")
    tokens = client.signed_in("carol")
    headers = served.headers("carol")
    address = f"{served.endpoint}/api/settings/connected-apps"
    listed = requests.get(address, headers=headers, timeout=30).json()
    assert [(app["name"], app["scopes"]) for app in listed] == [("Notes", ["openid", "profile"])]
    one = f"{address}/{client.app['clientId']}"
    assert requests.delete(one, headers=headers, timeout=30).status_code == 200
    assert client.call(tokens, "/api/whoami-v2").status_code == 401
    assert error_of(client.renew(tokens["refresh_token"])) == "invalid_grant"
    assert requests.delete(one, headers=headers, timeout=30).status_code == 404


def test_revoking_the_token_ends_the_login(client: Client, served: HubServer) -> None:
    served.add_user("dan")
    tokens = client.signed_in("dan")
    headers = served.headers("dan")
    address = f"{served.endpoint}/api/settings/tokens"
    listed = requests.get(address, headers=headers, timeout=30).json()
    number = next(item["id"] for item in listed if item["name"] == "Notes (app)")
    assert requests.delete(f"{address}/{number}", headers=headers, timeout=30).status_code == 200
    assert error_of(client.renew(tokens["refresh_token"])) == "invalid_grant"


def test_the_app_signs_people_out(client: Client, served: HubServer) -> None:
    tokens = client.signed_in()
    address = f"{served.endpoint}/oauth/revoke"
    pair = (client.app["clientId"], client.app["clientSecret"])
    other = register(served, "bob")
    wrong = (other["clientId"], other["clientSecret"])
    form = {"token": tokens["refresh_token"]}
    assert requests.post(address, data=form, auth=wrong, timeout=30).status_code == 200
    assert client.call(tokens, "/api/whoami-v2").status_code == 200
    assert requests.post(address, data=form, timeout=30).status_code == 401
    assert requests.post(address, data=form, auth=pair, timeout=30).status_code == 200
    assert client.call(tokens, "/api/whoami-v2").status_code == 401


def test_an_app_belongs_to_somebody(served: HubServer) -> None:
    app = register(served, owner="acme")
    assert app["owner"] == "acme"
    address = f"{served.endpoint}/api/settings/oauth-apps"
    ada, bob = served.headers("ada"), served.headers("bob")
    mine = requests.get(address, headers=ada, timeout=30).json()
    assert app["clientId"] in {item["clientId"] for item in mine}
    assert all("clientSecret" not in item for item in mine)
    theirs = requests.get(address, headers=bob, timeout=30).json()
    assert app["clientId"] not in {item["clientId"] for item in theirs}
    one = f"{address}/{app['clientId']}"
    assert requests.delete(one, headers=bob, timeout=30).status_code == 404
    assert requests.post(f"{one}/secret", headers=bob, timeout=30).status_code == 404
    client = Client(served, app)
    renewed = requests.post(f"{one}/secret", headers=ada, timeout=30).json()
    refused = client.exchange(client.code())
    assert refused.status_code == 401
    tokens = client.exchange(client.code(), client_secret=renewed["clientSecret"]).json()
    assert requests.delete(one, headers=ada, timeout=30).status_code == 200
    assert client.call(tokens, "/api/whoami-v2").status_code == 401
    assert client.ask().status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"redirectUris": []},
        {"redirectUris": ["https://a.example/x#y"]},
        {"redirectUris": ["javascript:alert(1)"]},
        {"redirectUris": ["data:text/html,x"]},
        {"redirectUris": ["https://*.example/x"]},
        {"redirectUris": ["https://user@a.example/x"]},
        {"redirectUris": ["https:///x"]},
        {"redirectUris": ["https://a.example;script-src/x"]},
        {"redirectUris": ["https://a'b/x"]},
        {"redirectUris": ["https://a.example:99999/x"]},
        {"redirectUris": ["/x"]},
        {"redirectUris": "https://a.example"},
        {"scopes": ["everything"]},
        {"scopes": [1]},
        {"tokenMinutes": 0},
        {"tokenMinutes": True},
        {"name": ""},
        {"name": "a\u202eb"},
        {"owner": "nobody"},
        {"owner": "bob"},
    ],
)
def test_what_cannot_be_registered(served: HubServer, body: dict[str, Any]) -> None:
    wanted = {"name": "Notes", "redirectUris": [REDIRECT], **body}
    answer = requests.post(
        f"{served.endpoint}/api/settings/oauth-apps",
        json=wanted,
        headers=served.headers("ada"),
        timeout=30,
    )
    assert answer.status_code in (400, 403, 404)
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "redirect", ["com.example.app:/done", "http://[::1]:8080/done", "https://a.example:8443/x?y=z"]
)
def test_what_can_be_registered(served: HubServer, redirect: str) -> None:
    client = Client(served, register(served, redirectUris=[redirect]), redirect)
    answer = client.agree(served.token())
    joint = "&" if "?" in redirect else "?"
    assert answer.headers["Location"].startswith(f"{redirect}{joint}code=")
    policy = client.ask().headers["Content-Security-Policy"].partition("form-action 'self' ")[2]
    assert redirect.startswith(policy)


def test_keys_can_be_replaced_while_old_tokens_stay_valid(client: Client) -> None:
    tokens = client.signed_in()
    kid = client.served.hub.signing_keys.rotate()
    address = f"{client.served.endpoint}/oauth/jwks"
    keys = KeySet.import_key_set(requests.get(address, timeout=30).json())
    assert len(keys.keys) == 2
    jwt.decode(tokens["id_token"], keys, algorithms=["RS256"])
    newer = jwt.decode(client.signed_in()["id_token"], keys, algorithms=["RS256"])
    assert newer.header["kid"] == kid
