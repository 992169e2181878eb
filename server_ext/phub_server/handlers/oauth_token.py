"""Where programs get their tokens: for a code, for a token that renews, for a login by a device."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from typing import Any
from urllib.parse import unquote_plus

from phub_jupyter.errors import ForbiddenError, InvalidRequestError
from phub_jupyter.hub.access import ANONYMOUS, Actor
from phub_jupyter.hub.apps.logins import PREFIX, AppTokens
from phub_jupyter.hub.database.tables import App
from phub_jupyter.hub.people.device_login import Issued, NotYetError
from phub_server.base import HubHandler
from phub_server.fields import text_field
from phub_server.handlers.openid import claims_about
from phub_server.routing import Route

__all__ = ["ROUTES"]

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105


class _ClientError(Exception):
    """The app is unknown, or could not prove who it is."""


class _ProgramHandler(HubHandler):
    """Asked by programs, which say who they are in their own way, or have no credentials yet."""

    async def identify(self) -> Actor:
        """Nobody in particular; an Authorization header here holds the credentials of an app."""
        return ANONYMOUS

    def form(self, field: str) -> str:
        """A field of the form; empty if it is missing."""
        return self.get_body_argument(field, "")

    async def client(self) -> App:
        """The app that asks, by HTTP Basic or by the form, but not by both. Raises _ClientError."""
        header = self.request.headers.get("Authorization", "")
        client_id, secret = self.form("client_id"), self.form("client_secret") or None
        if header:
            if secret is not None:
                raise _ClientError("client_secret: send it once, by header or in the form.")
            named = client_id
            client_id, secret = _basic(header)
            if named and named != client_id:
                raise _ClientError("client_id: header and form name different apps.")
        app = await self.run(self.hub.apps.authenticate, client_id, secret)
        if app is None:
            raise _ClientError("client_id, client_secret: no app of the hub has these.")
        return app

    def refuse_program(self, code: str, text: str = "", status: int = 400) -> None:
        """A refusal in the words of OAuth."""
        described = {"error_description": text} if text else {}
        if status == 401:
            self.set_header("WWW-Authenticate", 'Basic realm="Private Hub"')
        self.reply({"error": code, **described}, status)


class TokenHandler(_ProgramHandler):
    """Gives a program its token once a person agreed, renews one, or trusts a job of a CI."""

    _json: dict[str, Any] | None = None

    def form(self, field: str) -> str:
        """A field of the form, or of the JSON that the public client sends instead."""
        if self._json is None:
            return super().form(field)
        return text_field(self._json, field) or ""

    async def post(self) -> None:
        self.set_header("Cache-Control", "no-store")
        try:
            if self.request.headers.get("Content-Type", "").startswith("application/json"):
                self._json = self.json_body()
            self.reply(await self._answer(self.form("grant_type")))
        except NotYetError as error:
            self.refuse_program(error.code)
        except ForbiddenError as error:
            self.refuse_program("invalid_grant", error.message)
        except InvalidRequestError as error:
            is_scope = error.message.startswith("scope:")
            self.refuse_program("invalid_scope" if is_scope else "invalid_request", error.message)
        except _ClientError as error:
            self.refuse_program("invalid_client", str(error), 401)

    async def _answer(self, grant: str) -> dict[str, Any]:
        if grant == "authorization_code":
            return await self._for_code()
        if grant == "refresh_token":
            return await self._renewed(self.form("refresh_token"))
        if grant == _DEVICE:
            logins = self.hub.device_logins
            return _token(await self.run(logins.complete, self.form("device_code")))
        if grant == _EXCHANGE:
            return await self._for_job()
        raise NotYetError("unsupported_grant_type")

    async def _for_job(self) -> dict[str, Any]:
        if self.form("subject_token_type") != _ID_TOKEN:
            raise InvalidRequestError(f"subject_token_type: only {_ID_TOKEN} can be exchanged.")
        exchange = self.hub.publishers.exchange
        token, resource = self.form("subject_token"), self.form("resource")
        issued = await self.run(exchange, token, resource)
        return {
            "access_token": issued.access_token,
            "issued_token_type": _ACCESS_TOKEN,
            "token_type": "bearer",
            "expires_in": issued.expires_in,
            "scope": "write-repos",
        }

    async def _for_code(self) -> dict[str, Any]:
        app = await self.client()
        verifier = self.form("code_verifier") or None
        exchange = self.hub.app_logins.exchange
        code, redirect = self.form("code"), self.form("redirect_uri")
        return await self._app_token(
            app, await self.run(exchange, app, code, redirect, verifier), first=True
        )

    async def _renewed(self, refresh_token: str) -> dict[str, Any]:
        if not refresh_token.startswith(PREFIX):  # of a login by a device
            return _token(await self.run(self.hub.device_logins.renew, refresh_token))
        app = await self.client()
        renew = self.hub.app_logins.renew
        tokens = await self.run(renew, app, refresh_token, self.form("scope") or None)
        return await self._app_token(app, tokens, first=False)

    async def _app_token(self, app: App, tokens: AppTokens, *, first: bool) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "access_token": tokens.access_token,
            "token_type": "bearer",
            "expires_in": tokens.expires_in,
            "refresh_token": tokens.refresh_token,
            "scope": " ".join(tokens.scopes),
        }
        if "openid" in tokens.scopes:
            answer["id_token"] = await self.run(self._id_token, app, tokens, nonce=first)
        return answer

    def _id_token(self, app: App, tokens: AppTokens, *, nonce: bool) -> str:
        now = int(time.time())
        half = hashlib.sha256(tokens.access_token.encode()).digest()[:16]
        claims = {
            "iss": self.endpoint,
            "aud": app.client_id,
            "iat": now,
            "exp": now + tokens.expires_in,
            "auth_time": int(tokens.login.created_at.timestamp()),
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **claims_about(self.hub.accounts, tokens.person, list(tokens.scopes), self.endpoint),
        }
        if nonce and tokens.login.nonce is not None:
            claims["nonce"] = tokens.login.nonce
        return self.hub.signing_keys.sign(claims)


class RevokeHandler(_ProgramHandler):
    """Ends a login of the app that asks, by any token of it; what is not known has ended."""

    async def post(self) -> None:
        self.set_header("Cache-Control", "no-store")
        try:
            app = await self.client()
        except _ClientError as error:
            self.refuse_program("invalid_client", str(error), 401)
            return
        await self.run(self.hub.app_logins.end, app, self.form("token"))
        self.reply({})


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (ValueError, binascii.Error):
        text = ""
    client_id, found, secret = text.partition(":")
    if scheme.lower() != "basic" or not found:
        raise _ClientError("Authorization: send client id and secret by HTTP Basic.")
    return unquote_plus(client_id), unquote_plus(secret)


def _token(issued: Issued) -> dict[str, Any]:
    return {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "expires_in": issued.expires_in,
        "token_type": "bearer",
    }


ROUTES: tuple[Route, ...] = (
    Route(r"/oauth/token", TokenHandler),
    Route(r"/oauth/revoke", RevokeHandler),
)
