"""Signing in with a program that others wrote, and in a Space."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from ..conftest import HubServer
from .sign_in import REDIRECT, Client, answered, form_of, register
from .space_app import Visitor, put_space


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_in_renews_and_revokes(hub_server: HubServer, method: str) -> None:
    app = register(hub_server, scopes=["openid", "profile", "email"])
    known = f"{hub_server.endpoint}/.well-known/openid-configuration"
    about = requests.get(known, timeout=30).json()
    with OAuth2Session(
        app["clientId"],
        app["clientSecret"],
        scope="openid profile",
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
    ) as session:
        address, state = session.create_authorization_url(
            about["authorization_endpoint"], code_verifier="v" * 50, nonce="n"
        )
        page = requests.get(address, timeout=30)
        form = {**form_of(page.text), "token": hub_server.token(), "decision": "allow"}
        done = requests.post(
            about["authorization_endpoint"], data=form, allow_redirects=False, timeout=30
        )
        tokens = session.fetch_token(
            about["token_endpoint"],
            authorization_response=done.headers["Location"],
            state=state,
            code_verifier="v" * 50,
        )
        keys = KeySet.import_key_set(requests.get(about["jwks_uri"], timeout=30).json())
        claims = jwt.decode(tokens["id_token"], keys).claims
        assert (claims["nonce"], claims["aud"]) == ("n", app["clientId"])
        said = session.get(about["userinfo_endpoint"]).json()
        assert (said["sub"], said["preferred_username"]) == (claims["sub"], "ada")
        old = session.token["access_token"]
        session.refresh_token(about["token_endpoint"])
        assert session.token["access_token"] != old
        assert session.get(about["userinfo_endpoint"]).status_code == 200
        token = session.token["refresh_token"]
        assert session.revoke_token(about["revocation_endpoint"], token).status_code == 200
        assert session.get(about["userinfo_endpoint"]).status_code == 401


def test_a_space_signs_its_visitors_in(hub_server: HubServer) -> None:
    wanted = "hf_oauth: true\nhf_oauth_scopes: [email]\nhf_oauth_expiration_minutes: 30\n"
    source = "import json, os\nprint('<<' + json.dumps(dict(os.environ)) + '>>')"
    put_space(hub_server, "ada/app", source, more=wanted)
    ada = Visitor(hub_server)
    told = re.search(r"<<(\{.*?\})>>", unescape(ada.page("ada/app")))
    assert told is not None
    given = json.loads(told[1])
    assert given["OAUTH_SCOPES"] == "openid profile email"
    assert given["OPENID_PROVIDER_URL"] == hub_server.endpoint
    here = ada.open("ada/app").headers["Location"].rstrip("/")
    app = {"clientId": given["OAUTH_CLIENT_ID"], "clientSecret": given["OAUTH_CLIENT_SECRET"]}
    client = Client(hub_server, app, f"{here}/oauth/huggingface/callback?_target_url=/")
    assert "ada/app" in client.ask().text
    answer = client.agree(hub_server.token("bob"), scope="openid email")
    assert answer.headers["Location"].startswith(client.redirect + "&")
    tokens = client.exchange(answered(answer)["code"]).json()
    assert tokens["expires_in"] == 1800
    assert client.call(tokens, "/oauth/userinfo").json()["sub"]
    parts = urlsplit(here)
    for wrong in (
        f"http://{parts.hostname}:{(parts.port or 0) + 1}/",
        f"http://evil.example:{parts.port}/",
        f"http://{parts.netloc}@evil.example/",
        hub_server.endpoint,
    ):
        assert client.ask(redirect_uri=wrong).status_code == 400
    repo = client.app["clientId"]
    listed = requests.get(
        f"{hub_server.endpoint}/api/settings/oauth-apps",
        headers=hub_server.headers(),
        timeout=30,
    )
    assert repo not in listed.text
    ada.post("/api/spaces/ada/app/pause")
    assert client.ask().status_code == 400
    put_space(hub_server, "ada/odd", "1", more="hf_oauth: true\nhf_oauth_scopes: [everything]\n")
    assert "hf_oauth_scopes" in ada.open("ada/odd").text
