"""Jobs of a CI that write one repository without a secret of the hub."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from phub_jupyter.errors import InvalidRequestError, OverloadedError
from phub_jupyter.hub.apps.issuers import Issuer, Issuers
from phub_jupyter.identifiers import RepoId, RepoType

from ..conftest import HubServer
from .ci_server import AUDIENCE, CiServer

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
CLAIMS = {"project_path": "acme/bert", "ref": "refs/heads/main"}


@pytest.fixture(scope="module")
def ci() -> Iterator[CiServer]:
    server = CiServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, ci: CiServer) -> Iterator[HubServer]:
    folder = tmp_path_factory.mktemp("publishers")
    settings = folder / "issuers.json"
    entry = {"issuer": ci.issuer, "keys": f"{ci.issuer}/keys", "audience": AUDIENCE}
    settings.write_text(json.dumps([entry]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHUB_TRUSTED_ISSUERS", str(settings))
        server = HubServer(folder / "hub")
    server.add_user("ada")
    server.add_user("bob")
    server.hub.accounts.add_org("acme", "ada")
    ada = server.hub.accounts.actor_for_user("ada")
    for name in ("bert", "other"):
        server.hub.repositories.create(
            ada, RepoType.MODEL, RepoId("acme", name), private=True, sdk=None
        )
    yield server
    server.close()


def trust(
    served: HubServer, ci: CiServer, repo: str = "acme/bert", user: str = "ada", **body: Any
) -> requests.Response:
    wanted = {"issuer": ci.issuer, "claims": CLAIMS, **body}
    address = f"{served.endpoint}/api/models/{repo}/trusted-publishers"
    return requests.post(address, json=wanted, headers=served.headers(user), timeout=30)


@pytest.fixture
def publisher(served: HubServer, ci: CiServer) -> Iterator[str]:
    """The address of a publisher of acme/bert."""
    added = trust(served, ci)
    assert added.status_code == 200, added.text
    address = f"{served.endpoint}/api/models/acme/bert/trusted-publishers/{added.json()['id']}"
    yield address
    requests.delete(address, headers=served.headers("ada"), timeout=30)


def exchange(
    served: HubServer, token: str, resource: str = "acme/bert", **more: Any
) -> requests.Response:
    body = {
        "grant_type": GRANT,
        "subject_token_type": ID_TOKEN,
        "subject_token": token,
        "resource": resource,
        **more,
    }
    return requests.post(f"{served.endpoint}/oauth/token", json=body, timeout=30)


def reaches(served: HubServer, token: str, repo: str, write: bool = True) -> int:
    address = f"{served.endpoint}/api/models/{repo}/auth-check{'/write' if write else ''}"
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(address, headers=headers, timeout=30).status_code


def test_the_public_client_publishes_from_a_job(
    served: HubServer, ci: CiServer, publisher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.utils import _auth

    monkeypatch.setattr(_auth, "_OIDC_TOKEN_CACHE", None)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", served.endpoint)
    monkeypatch.setenv("HF_OIDC_RESOURCE", "acme/bert")
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", ci.token())
    monkeypatch.delenv("HF_TOKEN", raising=False)
    api = HfApi(endpoint=served.endpoint)
    api.create_repo("acme/bert", exist_ok=True)
    api.upload_file(path_or_fileobj=b"weights", path_in_repo="w.bin", repo_id="acme/bert")
    assert "w.bin" in api.list_repo_files("acme/bert")
    assert api.whoami()["email"] is None
    shown = requests.get(
        publisher.rpartition("/")[0], headers=served.headers("ada"), timeout=30
    ).json()[0]
    assert shown["lastUsedAt"] is not None
    assert (shown["lastSubject"], shown["createdBy"]) == ("project_path:acme/bert:ref:main", "ada")


def test_the_token_writes_one_repository_and_ends_with_the_trust(
    served: HubServer, ci: CiServer, publisher: str
) -> None:
    answer = exchange(served, ci.token()).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
    token = answer["access_token"]
    assert reaches(served, token, "acme/bert") == 200
    assert reaches(served, token, "acme/other", write=False) == 404
    headers = {"Authorization": f"Bearer {token}"}
    for method, path, body in (
        ("post", "/api/repos/create", {"name": "new", "organization": "acme"}),
        ("delete", "/api/repos/delete", {"name": "bert", "organization": "acme"}),
        ("put", "/api/models/acme/bert/settings", {"private": False}),
        ("post", "/api/models/acme/bert/trusted-publishers", {"issuer": "x", "claims": {}}),
        ("post", "/api/settings/tokens", {"name": "more", "role": "read"}),
    ):
        answer = requests.request(
            method, served.endpoint + path, json=body, headers=headers, timeout=30
        )
        assert answer.status_code == 403, path
    requests.delete(publisher, headers=served.headers("ada"), timeout=30)
    assert reaches(served, token, "acme/bert") == 401
    assert exchange(served, ci.token()).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"aud": []},
        {"exp": -120},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"iat": -90000},
        {"iat": 3600},
        {"nbf": 3600},
        {"nbf": "x"},
        {"exp": 1 << 80},
        {"exp": float("inf")},
        {"exp": True},
        {"iat": []},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": ["x"]},
        {"project_path": "eve/bert"},
        {"project_path": "acme/bert2"},
        {"project_path": None},
        {"project_path": ["acme/bert"]},
        {"ref": "refs/heads/main2"},
        {"ref": "refs/heads/mai"},
    ],
    ids=str,
)
def test_who_is_not_trusted(
    served: HubServer, ci: CiServer, publisher: str, changes: dict[str, Any]
) -> None:
    now = int(time.time())  # numbers are seconds from now
    said = {key: now + value if type(value) is int else value for key, value in changes.items()}
    refused = exchange(served, ci.token(**said))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert refused.json()["error_description"]


def test_clocks_may_differ_a_little(served: HubServer, ci: CiServer, publisher: str) -> None:
    now = int(time.time())
    assert exchange(served, ci.token(exp=now - 20)).status_code == 200
    assert exchange(served, ci.token(iat=now + 20, nbf=now + 20)).status_code == 200


def test_a_subject_of_strange_letters(served: HubServer, ci: CiServer, publisher: str) -> None:
    answer = exchange(served, ci.token(sub="a\0b\ud800c\u202ed" + "x" * 9000))
    assert answer.status_code == 200
    listed = requests.get(
        publisher.rpartition("/")[0], headers=served.headers("ada"), timeout=30
    ).json()
    assert listed[0]["lastSubject"].startswith("abcdxxx")


def test_forged_tokens(served: HubServer, ci: CiServer, publisher: str) -> None:
    claims, genuine = ci.claims(), ci.keys[-1]
    pem = genuine.as_pem(private=False)
    half = json.dumps({"alg": "HS256", "kid": genuine.kid}).encode()
    shared = OctKey.import_key(b"x" * 32)
    other = RSAKey.generate_key(2048)
    forged = [
        jwt.encode({"alg": "RS256", "kid": genuine.kid}, claims, other),
        jwt.encode({"alg": "RS256", "kid": "unknown"}, claims, other),
        jwt.encode({"alg": "RS256"}, claims, other),
        jwt.encode({"alg": "HS256", "kid": genuine.kid}, claims, shared),
        _signed_with_text(half, claims, pem),
        f"{_part({'alg': 'none'})}.{_part(claims)}.",
        f"{_part({'alg': 'None', 'kid': genuine.kid})}.{_part(claims)}.x",
        jwt.encode(
            {"alg": "RS256", "jwk": other.as_dict(private=False), "kid": genuine.kid},
            claims,
            other,
        ),
        ci.token()[:-8] + "AAAAAAAA",
        "x",
        "a.b.c",
        "",
        "é.é.é",
        "x" * 20000,
        *(f"{_part(header)}.{_part(claims)}.eA" for header in ([], 1, "x", {"alg": 1}, {})),
        *(f"{_part({'alg': 'RS256', 'kid': kid})}.{_part(claims)}.eA" for kid in ([], {}, 1)),
        *(f"{_part({'alg': 'RS256'})}.{_part(body)}.eA" for body in ([], 1, "x", None)),
        f"{_part({'alg': 'RS256', 'b64': False, 'crit': ['b64']})}.{_part(claims)}.eA",
    ]
    for text in forged:
        refused = exchange(served, text)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant"), text[:80]


def _part(value: Any) -> str:
    text = json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _signed_with_text(header: bytes, claims: dict[str, Any], key: bytes) -> str:
    """Signed as if the public key were a shared secret."""
    import hashlib
    import hmac

    body = f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{_part(claims)}"
    signature = hmac.digest(key, body.encode(), hashlib.sha256)
    return f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_strangers_do_not_make_the_hub_ask_again_and_again(
    served: HubServer, ci: CiServer, publisher: str
) -> None:
    assert exchange(served, ci.token()).status_code == 200
    before = ci.asked
    stranger = RSAKey.generate_key(2048)
    for number in range(5):
        text = jwt.encode({"alg": "RS256", "kid": f"k{number}"}, ci.claims(), stranger)
        assert exchange(served, text).status_code == 400
    assert ci.asked <= before + 1


def test_new_keys_are_found_and_redirects_are_not_followed() -> None:
    ci, now = CiServer(), 1000.0
    keys_at = f"{ci.issuer}/keys"
    issuer = Issuer(ci.issuer, keys_at, (AUDIENCE,), clock=lambda: now)
    issuer.verify(ci.token())
    ci.new_key()
    now += 31
    assert issuer.verify(ci.token()).claims["project_path"] == "acme/bert"
    astray = Issuer(ci.issuer, f"{ci.issuer}/elsewhere", (AUDIENCE,))
    with pytest.raises(OverloadedError, match="cannot be read"):
        astray.verify(ci.token())
    ci.close()


def test_one_id_token_is_exchanged_a_few_times_only(
    served: HubServer, ci: CiServer, publisher: str
) -> None:
    text = ci.token(jti="one")
    for _ in range(20):
        assert exchange(served, text).status_code == 200
    refused = exchange(served, text)
    assert refused.json()["error"] == "invalid_grant"
    assert "20 times" in refused.json()["error_description"]


@pytest.mark.parametrize(
    "resource", ["", "ada", "a/b/c/d", "models/../bert", "datasets/x", "x/y/z"]
)
def test_a_resource_is_one_repository(served: HubServer, ci: CiServer, resource: str) -> None:
    refused = exchange(served, ci.token(), resource)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


def test_hidden_missing_and_distrusting_repositories_are_the_same(
    served: HubServer, ci: CiServer
) -> None:
    said = {
        exchange(served, ci.token(), repo).text.replace(repo, "")
        for repo in ("acme/other", "acme/missing", "datasets/acme/bert")
    }
    assert len(said) == 1


def test_who_may_write_no_more_lends_no_job_their_right(served: HubServer, ci: CiServer) -> None:
    ada = served.hub.accounts.actor_for_user("ada")
    served.hub.accounts.add_member("acme", "bob", "admin")
    assert trust(served, ci, "acme/other", "bob").status_code == 200
    token = exchange(served, ci.token(), "acme/other").json()["access_token"]
    assert reaches(served, token, "acme/other") == 200
    served.hub.organizations.set_role(ada, "acme", "bob", "read")
    assert reaches(served, token, "acme/other") == 403
    assert exchange(served, ci.token(), "acme/other").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"claims": {}},
        {"claims": {"ref": "refs/heads/main"}},
        {"claims": {"project_path": "*"}},
        {"claims": {"project_path": "acme/*"}},
        {"claims": {"project_path": "acme/bert", "ref": "*"}},
        {"claims": {"project_path": "acme/bert", "ref": "refs/*/x*"}},
        {"claims": {"project_path": 1}},
        {"claims": {"project_path": ""}},
        {"claims": "x"},
    ],
    ids=str,
)
def test_what_cannot_be_trusted(served: HubServer, ci: CiServer, body: dict[str, Any]) -> None:
    refused = trust(served, ci, **body)
    assert refused.status_code == 400
    assert refused.json()["error"]


def test_tags_of_a_pattern(served: HubServer, ci: CiServer) -> None:
    claims = {"project_id": "42", "ref": "refs/tags/v*", "ref_protected": "true"}
    assert trust(served, ci, claims=claims).status_code == 200
    assert exchange(served, ci.token(ref="refs/tags/v1.2", ref_protected=True)).status_code == 200
    assert exchange(served, ci.token(ref="refs/tags/v1.2", project_id=42)).status_code == 200
    assert exchange(served, ci.token(ref="refs/tags/x")).status_code == 400


@pytest.mark.parametrize(
    "entry",
    [
        {"issuer": "https://ci.example"},
        {"issuer": "https://ci.example", "keys": "http://ci.example/keys", "audience": "x"},
        {"issuer": "https://ci.example", "keys": "keys.json", "audience": "x"},
        {"issuer": "https://ci.example", "keys": "https://ci.example/keys"},
        "x",
    ],
    ids=str,
)
def test_settings_that_make_no_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: Any
) -> None:
    path = tmp_path / "issuers.json"
    path.write_text(json.dumps([entry]))
    monkeypatch.setenv("PHUB_TRUSTED_ISSUERS", str(path))
    monkeypatch.delenv("PHUB_PUBLIC_URL", raising=False)
    with pytest.raises(InvalidRequestError, match="PHUB_TRUSTED_ISSUERS"):
        Issuers.from_environment()


def test_keys_in_a_file(tmp_path: Path, ci: CiServer) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in ci.keys]}))
    issuer = Issuer(ci.issuer, str(path), (AUDIENCE,))
    assert issuer.verify(ci.token()).issuer == ci.issuer
