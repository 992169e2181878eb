"""An app of the tests that signs people in with the hub, and a browser that agrees."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from ..conftest import HubServer

__all__ = ["REDIRECT", "Client", "answered", "answered_address", "error_of", "form_of", "register"]

REDIRECT = "https://app.example/callback"


def register(served: HubServer, user: str = "ada", **body: Any) -> dict[str, Any]:
    """Register an app over REST."""
    wanted = {"name": "Notes", "redirectUris": [REDIRECT], **body}
    answer = requests.post(
        f"{served.endpoint}/api/settings/oauth-apps",
        json=wanted,
        headers=served.headers(user),
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"] or ""] = found.get("value") or ""


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    reader = _Form()
    reader.feed(page)
    return reader.fields


@dataclass
class Client:
    """A client of OAuth 2.0, with all that a wrong one could do differently.

    ``served`` is the hub, a `HubServer` or a Lab; only the former has people to agree.
    """

    served: Any
    app: dict[str, Any]
    redirect: str = REDIRECT
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier."""
        hashed = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()

    def query(self, **changes: str | None) -> dict[str, str]:
        """What the app asks for."""
        query = {
            "client_id": self.app["clientId"],
            "redirect_uri": self.redirect,
            "response_type": "code",
            "scope": "openid profile",
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return {key: value for key, value in query.items() if value is not None}

    def ask(self, **changes: str | None) -> requests.Response:
        """What the browser gets that the app sends to the hub."""
        return requests.get(
            f"{self.served.endpoint}/oauth/authorize",
            params=self.query(**changes),
            allow_redirects=False,
            timeout=30,
        )

    def agree(
        self, token: str, decision: str = "allow", tamper: dict[str, str] | None = None, **ask: Any
    ) -> requests.Response:
        """Open the page, fill it in, and send it."""
        page = self.ask(**ask)
        assert page.status_code == 200, page.text
        form = {**form_of(page.text), "token": token, "decision": decision, **(tamper or {})}
        address = f"{self.served.endpoint}/oauth/authorize"
        return requests.post(address, data=form, allow_redirects=False, timeout=30)

    def code(self, user: str = "ada", **ask: Any) -> str:
        """A code that a person agreed to."""
        answer = self.agree(self.served.token(user), **ask)
        assert answer.status_code == 303, answer.text
        return answered(answer)["code"]

    def token(self, **form: str | None) -> requests.Response:
        """Ask for a token; with the secret, if the app has one."""
        wanted = {
            "client_id": self.app["clientId"],
            "client_secret": self.app.get("clientSecret"),
            **form,
        }
        return requests.post(
            f"{self.served.endpoint}/oauth/token",
            data={key: value for key, value in wanted.items() if value is not None},
            timeout=30,
        )

    def exchange(self, code: str, **form: str | None) -> requests.Response:
        """Ask for the tokens of a code."""
        wanted: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": self.verifier,
            **form,
        }
        return self.token(**wanted)

    def signed_in(self, user: str = "ada", **ask: Any) -> dict[str, Any]:
        """The tokens after a whole sign-in."""
        answer = self.exchange(self.code(user, **ask))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def renew(self, refresh_token: str, **form: str | None) -> requests.Response:
        """Ask for new tokens."""
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **form)

    def call(self, tokens: dict[str, Any], path: str, method: str = "get", **more: Any) -> Any:
        """Call the hub with the access token."""
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        return requests.request(
            method, self.served.endpoint + path, headers=headers, timeout=30, **more
        )


def answered(answer: requests.Response) -> dict[str, str]:
    """The query of where a browser is sent."""
    return answered_address(answer.headers["Location"])


def answered_address(address: str) -> dict[str, str]:
    """The query of an address."""
    return {key: value[0] for key, value in parse_qs(urlsplit(address).query).items()}


def error_of(answer: requests.Response) -> str:
    """The word of OAuth for why there is no token."""
    assert answer.status_code in (400, 401), answer.text
    return str(answer.json()["error"])
