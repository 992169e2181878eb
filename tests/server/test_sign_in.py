"""Signing in elsewhere with the hub: OAuth 2.0 with PKCE and OpenID Connect."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import update

from phub_jupyter.hub.database.tables import AppLogin, utc_now
from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer
from .sign_in import REDIRECT, Client, answered, error_of, register


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    server = HubServer(tmp_path_factory.mktemp("sign-in") / "hub")
    server.hub.accounts.add_user("ada", fullname="Ada L.", email="ada@example.org")
    server.add_user("bob")
    server.hub.accounts.add_org("acme", "ada")
    for owner in ("ada", "acme", "bob"):
        person = server.hub.accounts.actor_for_user("bob" if owner == "bob" else "ada")
        server.hub.repositories.create(
            person, RepoType.MODEL, RepoId(owner, "own"), private=True, sdk=None
        )
    yield server
    server.close()


ALL = ["openid", "profile", "email", "read-repos", "contribute-repos", "write-repos"]
ALL += ["manage-repos", "gated-repos", "offline_access"]


@pytest.fixture(scope="module")
def client(served: HubServer) -> Client:
    return Client(served, register(served, scopes=ALL))


@pytest.fixture(scope="module")
def public(served: HubServer) -> Client:
    app = register(served, confidential=False, redirectUris=["http://127.0.0.1/done"], scopes=ALL)
    return Client(served, app, "http://127.0.0.1:45123/done")


def test_an_id_token_and_userinfo_say_who_it_is(client: Client) -> None:
    found = requests.get(f"{client.served.endpoint}/.well-known/openid-configuration", timeout=30)
    about = found.json()
    assert about["issuer"] == client.served.endpoint
    tokens = client.signed_in(scope="openid profile email")
    keys = KeySet.import_key_set(requests.get(about["jwks_uri"], timeout=30).json())
    assert "d" not in keys.as_dict()["keys"][0]
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"]) == (about["issuer"], client.app["clientId"])
    assert (claims["nonce"], claims["preferred_username"]) == ("a nonce", "ada")
    said = client.call(tokens, "/oauth/userinfo").json()
    assert said == {
        "sub": claims["sub"],
        "name": "Ada L.",
        "preferred_username": "ada",
        "profile": f"{client.served.endpoint}/ada",
        "picture": "",
        "isPro": False,
        "email": "ada@example.org",
        "email_verified": True,
        "orgs": [said["orgs"][0]],
    }
    assert said["orgs"] == claims["orgs"]
    assert said["orgs"][0]["preferred_username"] == "acme"
    assert said["orgs"][0]["roleInOrg"] == "admin"


def test_no_more_is_said_than_was_agreed_to(client: Client) -> None:
    tokens = client.signed_in(scope="openid")
    assert set(client.call(tokens, "/oauth/userinfo").json()) == {"sub"}
    assert client.call(tokens, "/api/whoami-v2").json()["email"] is None
    tokens = client.signed_in(scope="profile")
    assert "id_token" not in tokens
    refused = client.call(tokens, "/oauth/userinfo")
    assert refused.status_code == 403
    assert "insufficient_scope" in refused.headers["WWW-Authenticate"]


def test_a_token_of_a_person_is_none_of_an_app(client: Client) -> None:
    tokens = {"access_token": client.served.token()}
    assert client.call(tokens, "/oauth/userinfo").status_code == 403
    assert requests.get(f"{client.served.endpoint}/oauth/userinfo", timeout=30).status_code == 401


@pytest.mark.parametrize(
    ("scope", "reads", "writes", "creates"),
    [
        ("openid", False, False, False),
        ("read-repos", True, False, False),
        ("write-repos", True, True, False),
        ("manage-repos", True, True, True),
        ("contribute-repos", False, False, True),
    ],
)
def test_scopes_are_rights(
    client: Client, scope: str, reads: bool, writes: bool, creates: bool
) -> None:
    tokens = client.signed_in(scope=scope)
    for owner in ("ada", "acme"):
        found = client.call(tokens, f"/api/models/{owner}/own")
        assert (found.status_code == 200) is reads
        write = client.call(tokens, f"/api/models/{owner}/own/auth-check/write")
        assert (write.status_code == 200) is writes
    assert client.call(tokens, "/api/models/bob/own").status_code == 404
    body = {"name": f"by-{scope}", "organization": "acme", "private": True}
    made = client.call(tokens, "/api/repos/create", "post", json=body)
    assert (made.status_code == 200) is creates, made.text
    settings = "/api/models/ada/own/settings"
    changed = client.call(tokens, settings, "put", json={"private": True})
    assert (changed.status_code == 200) is (scope == "manage-repos")
    assert client.call(tokens, "/api/settings/tokens").status_code == 403
    mint = {"name": "more", "role": "write"}
    assert client.call(tokens, "/api/settings/tokens", "post", json=mint).status_code == 403


def test_an_app_reaches_what_it_created_itself_and_nothing_else(client: Client) -> None:
    tokens = client.signed_in(scope="contribute-repos")
    body = {"name": "made", "private": True}
    assert client.call(tokens, "/api/repos/create", "post", json=body).status_code == 200
    check = "/api/models/ada/made/auth-check/write"
    assert client.call(tokens, check).status_code == 200
    renewed = client.renew(tokens["refresh_token"]).json()
    assert client.call(renewed, check).status_code == 200
    again = client.signed_in(scope="contribute-repos")
    assert client.call(again, check).status_code == 200
    assert client.call(again, "/api/models/ada/own").status_code == 404
    assert client.call(client.signed_in(scope="openid"), check).status_code == 404


def test_who_leaves_an_organization_takes_the_app_along(served: HubServer) -> None:
    served.hub.accounts.add_org("labs", "ada")
    served.hub.accounts.add_member("labs", "bob", "write")
    ada = served.hub.accounts.actor_for_user("ada")
    served.hub.repositories.create(ada, RepoType.MODEL, RepoId("labs", "m"), private=True, sdk=None)
    client = Client(served, register(served, scopes=ALL))
    tokens = client.signed_in("bob", scope="write-repos")
    assert client.call(tokens, "/api/models/labs/m").status_code == 200
    served.hub.organizations.remove(ada, "labs", "bob")
    assert client.call(tokens, "/api/models/labs/m").status_code == 404


def test_a_code_is_good_once_and_the_second_time_ends_everything(client: Client) -> None:
    code = client.code()
    tokens = client.exchange(code).json()
    assert client.call(tokens, "/api/whoami-v2").status_code == 200
    assert error_of(client.exchange(code)) == "invalid_grant"
    assert client.call(tokens, "/api/whoami-v2").status_code == 401
    assert error_of(client.renew(tokens["refresh_token"])) == "invalid_grant"


def test_renewing_rotates_and_reuse_ends_everything(client: Client) -> None:
    first = client.signed_in()
    second = client.renew(first["refresh_token"]).json()
    assert client.call(first, "/api/whoami-v2").status_code == 401
    assert client.call(second, "/api/whoami-v2").status_code == 200
    assert error_of(client.renew(first["refresh_token"])) == "invalid_grant"
    assert client.call(second, "/api/whoami-v2").status_code == 401
    assert error_of(client.renew(second["refresh_token"])) == "invalid_grant"


def test_of_many_at_once_one_at_most_gets_tokens(client: Client) -> None:
    code = client.code()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.exchange(code), range(8)))
    given = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(given) == 1
    assert (
        client.call(given[0], "/api/whoami-v2").status_code == 401
    )  # for the code was shown again
    tokens = client.signed_in()["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.renew(tokens), range(8)))
    assert [answer.status_code for answer in answers].count(200) == 1


def test_renewing_gives_no_more(client: Client) -> None:
    tokens = client.signed_in(scope="openid email read-repos")
    more = client.renew(tokens["refresh_token"], scope="openid manage-repos")
    assert error_of(more) == "invalid_scope"
    less = client.renew(tokens["refresh_token"], scope="openid").json()
    assert less["scope"] == "openid"
    assert client.call(less, "/api/models/ada/own").status_code == 404
    userinfo = client.call(less, "/oauth/userinfo")
    assert set(userinfo.json()) == {"sub"}
    again = client.renew(less["refresh_token"], scope="openid email")
    assert error_of(again) == "invalid_scope"


@pytest.mark.parametrize(
    "form",
    [
        {"code_verifier": "x" * 64},
        {"code_verifier": None},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": None},
        {"code": "x"},
        {"code": None},
    ],
)
def test_a_code_needs_all_that_belongs_to_it(client: Client, form: dict[str, str | None]) -> None:
    code = client.code()
    assert error_of(client.exchange(**{"code": code, **form})) == "invalid_grant"  # type: ignore[arg-type]


def test_an_old_code_is_worth_nothing(client: Client) -> None:
    code = client.code()
    with client.served.hub.database.write() as session:
        session.execute(update(AppLogin).values(code_expires_at=utc_now() - timedelta(seconds=1)))
    assert error_of(client.exchange(code)) == "invalid_grant"


def test_the_code_of_one_app_is_nothing_to_another(client: Client, served: HubServer) -> None:
    other = Client(served, register(served, "bob", name="Other"))
    code = client.code()
    assert error_of(other.exchange(code, code_verifier=client.verifier)) == "invalid_grant"
    tokens = client.exchange(code).json()
    assert error_of(other.renew(tokens["refresh_token"])) == "invalid_grant"
    assert client.call(tokens, "/api/whoami-v2").status_code == 200


@pytest.mark.parametrize(
    "form", [{"client_secret": "wrong"}, {"client_secret": None}, {"client_id": "nobody"}]
)
def test_an_app_has_to_prove_who_it_is(client: Client, form: dict[str, str | None]) -> None:
    refused = client.exchange(client.code(), **form)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_secrets_by_http_basic(client: Client) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": client.code(),
        "redirect_uri": REDIRECT,
        "code_verifier": client.verifier,
    }
    pair = (client.app["clientId"], client.app["clientSecret"])
    address = f"{client.served.endpoint}/oauth/token"
    assert requests.post(address, data=form, auth=pair, timeout=30).status_code == 200
    for wrong in (("x", "y"), (pair[0], "y")):
        refused = requests.post(address, data=form, auth=wrong, timeout=30)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    twice = requests.post(address, data={**form, "client_secret": "x"}, auth=pair, timeout=30)
    assert twice.status_code == 401


def test_an_app_without_a_secret_needs_pkce(public: Client) -> None:
    refused = public.ask(code_challenge=None, code_challenge_method=None)
    assert answered(refused)["error"] == "invalid_request"
    assert answered(public.ask(code_challenge_method="plain"))["error"] == "invalid_request"
    assert answered(public.ask(code_challenge_method=None))["error"] == "invalid_request"
    code = public.code()
    assert error_of(public.exchange(code, client_secret="guessed")) == "invalid_client"
    tokens = public.exchange(code).json()  # a port of its own, by RFC 8252
    assert public.renew(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/callback",
        "https://app.example/callback/more",
        "https://app.example/callback?next=https://evil.example",
        "https://app.example/callback#x",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://app.example:444/callback",
        "http://app.example/callback",
        "https://APP.example/callback",
        "//app.example/callback",
        "javascript:alert(1)",
        "https://app.example/callback\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_nobody_is_sent_anywhere_else(client: Client, redirect: str) -> None:
    refused = client.ask(redirect_uri=redirect)
    assert refused.status_code == 400
    assert "Location" not in refused.headers
    assert client.agree("x", tamper={"redirect_uri": redirect}).status_code == 400


@pytest.mark.parametrize(
    "redirect",
    [
        "http://127.0.0.1:1/other",
        "http://127.0.0.2:1/done",
        "https://127.0.0.1:1/done",
        "http://localhost:1/done",
        "http://127.0.0.1:x/done",
        "http://127.0.0.1:1/done?a=b",
    ],
)
def test_only_the_port_of_a_native_app_is_free(public: Client, redirect: str) -> None:
    assert public.ask(redirect_uri=redirect).status_code == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"scope": "openid inference-api"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"prompt": "none"}, "interaction_required"),
    ],
)
def test_the_app_is_told_what_is_wrong(client: Client, changes: dict[str, str], code: str) -> None:
    refused = answered(client.ask(**changes))
    assert (refused["error"], refused["state"]) == (code, "a state")
    assert refused["iss"] == client.served.endpoint
    if changes.get("scope", "").endswith("everything"):
        assert "read-repos" in refused["error_description"]


def test_the_page_says_what_is_asked_and_cannot_be_framed(client: Client) -> None:
    page = client.ask(scope="openid email manage-repos", state='"><script>x</script>')
    for text in ("Notes", "ada", "e-mail address", "delete and configure", "https://app.example"):
        assert text in page.text
    assert "<script>" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example" in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"


def test_saying_no_and_having_no_right_to_say_yes(client: Client) -> None:
    served = client.served
    denied = answered(client.agree("", "deny"))
    assert (denied["error"], denied["state"]) == ("access_denied", "a state")
    for token, status in (
        ("", 401),
        ("hf_wrong", 401),
        (served.token(role="read"), 403),
        (served.token(lifetime=timedelta(days=1)), 403),
        (client.signed_in(scope="manage-repos")["access_token"], 403),
    ):
        answer = client.agree(token)
        assert answer.status_code == status
        assert "Location" not in answer.headers
    tampered = client.agree(served.token(), tamper={"scope": "openid inference-api"})
    assert answered(tampered)["error"] == "invalid_scope"
