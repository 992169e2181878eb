"""One's own tokens, and the page that clients send people to for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import require_own
from phub_jupyter.hub.database.tables import Token
from phub_jupyter.hub.people.tokens import Wish
from phub_server.base import HubHandler
from phub_server.fields import flag_field, required_text
from phub_server.pages import page
from phub_server.routing import Route
from phub_server.wire import timestamp

__all__ = ["ROUTES"]

_LONGEST_NAME = 255
_MOST_DAYS = 3650


class TokenListHandler(HubHandler):
    """One's tokens without their texts, and new ones, whose text is shown this once."""

    async def get(self) -> None:
        tokens = await self.run(self.hub.tokens.all, self.actor)
        self.reply([_shown(token) for token in tokens])

    async def post(self) -> None:
        require_own(self.actor)
        text = await self.run(self.hub.tokens.add, self.actor, _wish(self.json_body()))
        self.set_header("Cache-Control", "no-store")
        self.reply({"token": text})


class TokenHandler(HubHandler):
    """Makes a token worthless, with everything that it opened."""

    async def delete(self, token: str) -> None:
        await self.run(self.hub.tokens.revoke, self.actor, int(token))
        self.reply({})


class TokenPageHandler(HubHandler):
    """Says how to get a token; clients print this address."""

    async def get(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page("Tokens of this hub", _HOW))


_HOW = (
    "<p>A token is a password for programs. Inside JupyterLab you need none: notebooks and "
    "terminals have one in <code>HF_TOKEN</code>.</p>"
    "<p>Elsewhere run <code>hf auth login</code> and approve the code that it shows, or ask the "
    "administrator of this hub for one: <code>phub token add NAME --role write</code>.</p>"
)


def _wish(body: dict[str, Any]) -> Wish:
    name, days = required_text(body, "name", _LONGEST_NAME), body.get("expiresInDays")
    if days is not None and (type(days) is not int or not 0 < days <= _MOST_DAYS):
        raise InvalidRequestError(f"expiresInDays: use a number from 1 to {_MOST_DAYS}.")
    scopes = body.get("scopes") or []
    if not isinstance(scopes, list) or not all(isinstance(scope, dict) for scope in scopes):
        raise InvalidRequestError("scopes: send a list of {type, name, rights}.")
    gated = flag_field(body, "canReadGatedRepos") or False
    lifetime = None if days is None else timedelta(days=days)
    return Wish(name, required_text(body, "role"), tuple(scopes), lifetime, gated)


def _shown(token: Token) -> dict[str, Any]:
    return {
        "id": str(token.pk),
        "name": token.name,
        "role": token.role,
        "scopes": [
            {key: scope[key] for key in ("type", "id", "rights") if key in scope}
            for scope in token.scopes
        ],
        "canReadGatedRepos": token.reads_gated or token.role != "fineGrained",
        "createdAt": timestamp(token.created_at),
        "expiresAt": None if token.expires_at is None else timestamp(token.expires_at),
        "lastUsedAt": None if token.last_used_at is None else timestamp(token.last_used_at),
    }


ROUTES: tuple[Route, ...] = (
    Route(r"/api/settings/tokens", TokenListHandler),
    Route(r"/api/settings/tokens/(?P<token>[0-9]{1,15})", TokenHandler),
    Route(r"/settings/tokens", TokenPageHandler),
)
