"""Who is calling: one small protocol, one implementation for each way to run.

A hub token (``hf_…``, as Bearer or as the password of Basic) means the same everywhere. Embedded
in Jupyter, a caller without one is whoever Jupyter's own identity provider says, which for the
server of one person is the owner of the hub.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Protocol

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import ensure_async
from tornado.web import RequestHandler

from phub_jupyter.errors import AuthenticationError, ForbiddenError
from phub_jupyter.hub.access import ANONYMOUS, Actor
from phub_jupyter.hub.accounts import Accounts

__all__ = ["Identity", "JupyterIdentity", "TokenIdentity"]

_INVALID = "Invalid credentials in Authorization header"
_STRANGER = Actor(sees_public=False)


class Identity(Protocol):
    """Tells who sent a request. Raises AuthenticationError for credentials that are not valid."""

    async def identify(self, handler: RequestHandler) -> Actor:
        """Return the caller, or an anonymous actor when there are no credentials."""
        ...


class TokenIdentity:
    """Callers of a standalone hub: tokens, or nobody."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def identify(self, handler: RequestHandler) -> Actor:
        header = handler.request.headers.get("Authorization", "")
        if not header:
            return ANONYMOUS
        token = hub_token(header)
        if token is None:
            raise AuthenticationError(_INVALID)
        return await _actor_for_token(self._accounts, token)


class JupyterIdentity:
    """Callers of an embedded hub: hub tokens, else Jupyter's login, which is the hub's owner."""

    def __init__(self, accounts: Accounts, owner: str) -> None:
        self._accounts = accounts
        self._owner = owner

    async def identify(self, handler: RequestHandler) -> Actor:
        header = handler.request.headers.get("Authorization", "")
        token = hub_token(header)
        if token is not None and token.startswith("hf_"):
            return await _actor_for_token(self._accounts, token)
        if await _has_jupyter_session(handler):
            return await asyncio.to_thread(self._accounts.actor_for_user, self._owner)
        if header:
            raise AuthenticationError(_INVALID)
        return _STRANGER


async def _actor_for_token(accounts: Accounts, token: str) -> Actor:
    known = accounts.known_actor(token)
    if known is not None:
        return known
    return await asyncio.to_thread(accounts.actor_for_token, token)


def hub_token(header: str) -> str | None:
    """The token in an Authorization header: Bearer, or the password of Basic; else None."""
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value or None
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:  # not base64, or not text
            return None
        return password or user or None
    return None


async def _has_jupyter_session(handler: RequestHandler) -> bool:
    """Ask Jupyter's identity provider, whichever is configured, about this very request.

    The provider expects one of Jupyter's handlers, so it gets one that looks at the same request.
    Cookies are only believed from Jupyter's own pages (host, origin and XSRF checks).
    """
    probe = JupyterHandler(handler.application, handler.request)
    connection: Any = handler.request.connection
    if connection is not None:  # the probe took the callback over; it belongs to the handler
        connection.set_close_callback(handler.on_connection_close)
    if not probe.check_host():
        raise ForbiddenError(
            "The Host header is not a name of this machine; set ServerApp.allow_remote_access "
            "if the server should be reached under that name."
        )
    user = await ensure_async(probe.identity_provider.get_user(probe))
    probe.current_user = probe._jupyter_current_user = user
    if user is None:
        return False
    if not probe.check_origin():
        raise ForbiddenError("The request comes from a page of another origin.")
    if handler.request.method not in ("GET", "HEAD", "OPTIONS"):
        probe.check_xsrf_cookie()
    return True
