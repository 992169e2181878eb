"""Apps that sign people in with the hub: those that one has registered, those one has let in."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import require_own
from phub_jupyter.hub.apps.registry import AppWish, RegisteredApp
from phub_server.base import HubHandler
from phub_server.fields import flag_field, required_text, text_field
from phub_server.routing import Route
from phub_server.wire import timestamp

__all__ = ["ROUTES"]

_LONGEST_NAME = 96


class AppListHandler(HubHandler):
    """One's apps, and new ones, whose secret is shown this once."""

    async def get(self) -> None:
        apps = await self.run(self.hub.apps.all, self.actor)
        self.reply([_shown(app) for app in apps])

    async def post(self) -> None:
        require_own(self.actor)
        added = await self.run(self.hub.apps.add, self.actor, _wish(self.json_body()))
        self.set_header("Cache-Control", "no-store")
        self.reply(_shown(added))


class AppHandler(HubHandler):
    """Forgets an app, with everything that people let it do."""

    async def delete(self, client: str) -> None:
        await self.run(self.hub.apps.remove, self.actor, client)
        self.reply({})


class AppSecretHandler(HubHandler):
    """Gives an app another secret; the one before is worthless at once."""

    async def post(self, client: str) -> None:
        renewed = await self.run(self.hub.apps.renew_secret, self.actor, client)
        self.set_header("Cache-Control", "no-store")
        self.reply(_shown(renewed))


class ConnectedListHandler(HubHandler):
    """The apps that one has let in."""

    async def get(self) -> None:
        connected = await self.run(self.hub.app_logins.connected, self.actor)
        self.reply(
            [
                {
                    "clientId": app.client_id,
                    "name": app.name,
                    "scopes": login.scopes,
                    "connectedAt": timestamp(login.created_at),
                    "expiresAt": timestamp(login.expires_at),
                }
                for app, login in connected
            ]
        )


class ConnectedHandler(HubHandler):
    """Ends what one let an app do: its tokens, and what renews them."""

    async def delete(self, client: str) -> None:
        await self.run(self.hub.app_logins.disconnect, self.actor, client)
        self.reply({})


def _wish(body: dict[str, Any]) -> AppWish:
    redirects, scopes = body.get("redirectUris"), body.get("scopes", ["openid", "profile"])
    if not isinstance(redirects, list):
        raise InvalidRequestError("redirectUris: send a list of addresses.")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise InvalidRequestError("scopes: send a list of texts.")
    minutes = body.get("tokenMinutes", 480)
    if type(minutes) is not int:
        raise InvalidRequestError("tokenMinutes: send a whole number.")
    confidential = flag_field(body, "confidential")
    return AppWish(
        name=_name(body),
        redirect_uris=tuple(redirects),
        scopes=tuple(scopes),
        owner=text_field(body, "owner", _LONGEST_NAME),
        confidential=True if confidential is None else confidential,
        token_minutes=minutes,
    )


def _name(body: dict[str, Any]) -> str:
    # It stands on the page of consent, where nothing invisible may change how it reads.
    name = required_text(body, "name", _LONGEST_NAME).strip()
    if not name or not name.isprintable():
        raise InvalidRequestError("name: use letters, digits and signs that can be seen.")
    return name


def _shown(registered: RegisteredApp) -> dict[str, Any]:
    app = registered.app
    shown: dict[str, Any] = {
        "clientId": app.client_id,
        "name": app.name,
        "owner": registered.owner,
        "redirectUris": app.redirect_uris,
        "scopes": app.scopes,
        "confidential": app.secret_digest is not None,
        "tokenMinutes": app.token_minutes,
        "createdAt": timestamp(app.created_at),
    }
    return shown if registered.secret is None else {**shown, "clientSecret": registered.secret}


_APP = r"(?P<client>[0-9a-f-]{36})"

ROUTES: tuple[Route, ...] = (
    Route(r"/api/settings/oauth-apps", AppListHandler),
    Route(rf"/api/settings/oauth-apps/{_APP}", AppHandler),
    Route(rf"/api/settings/oauth-apps/{_APP}/secret", AppSecretHandler),
    Route(r"/api/settings/connected-apps", ConnectedListHandler),
    Route(rf"/api/settings/connected-apps/{_APP}", ConnectedHandler),
)
