"""What clients of OpenID Connect ask the hub: where things are, its keys, and who somebody is."""

from __future__ import annotations

from typing import Any

from phub_jupyter.hub.access import ANONYMOUS, Actor
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.apps.scopes import SCOPES
from phub_jupyter.hub.apps.signing_keys import ALGORITHM
from phub_jupyter.hub.database.tables import Namespace
from phub_server.base import HubHandler
from phub_server.routing import Route

__all__ = ["ROUTES", "claims_about"]

_METHODS = ["client_secret_basic", "client_secret_post", "none"]


class DiscoveryHandler(HubHandler):
    """Tells clients where everything is and what this hub can do."""

    async def get(self) -> None:
        here = self.endpoint
        self.reply(
            {
                "issuer": here,
                "authorization_endpoint": f"{here}/oauth/authorize",
                "token_endpoint": f"{here}/oauth/token",
                "userinfo_endpoint": f"{here}/oauth/userinfo",
                "jwks_uri": f"{here}/oauth/jwks",
                "revocation_endpoint": f"{here}/oauth/revoke",
                "device_authorization_endpoint": f"{here}/oauth/device",
                "scopes_supported": list(SCOPES),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": [
                    "authorization_code",
                    "refresh_token",
                    "urn:ietf:params:oauth:grant-type:device_code",
                    "urn:ietf:params:oauth:grant-type:token-exchange",
                ],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "token_endpoint_auth_methods_supported": _METHODS,
                "revocation_endpoint_auth_methods_supported": _METHODS,
                "code_challenge_methods_supported": ["S256"],
                "claims_supported": [
                    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash"),
                    *("name", "preferred_username", "profile", "picture", "email"),
                    *("email_verified", "isPro", "orgs"),
                ],
                "authorization_response_iss_parameter_supported": True,
                "claims_parameter_supported": False,
                "request_parameter_supported": False,
                "request_uri_parameter_supported": False,
            }
        )

    async def identify(self) -> Actor:
        """Nobody in particular."""
        return ANONYMOUS


class KeysHandler(HubHandler):
    """The public keys that id tokens are checked with."""

    async def get(self) -> None:
        self.set_header("Cache-Control", "public, max-age=300")
        self.reply(await self.run(self.hub.signing_keys.published))

    async def identify(self) -> Actor:
        """Nobody in particular."""
        return ANONYMOUS


class UserInfoHandler(HubHandler):
    """Who let an app in, as far as the person agreed to show."""

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if self.actor.is_anonymous:
            self._refuse_token(401, "invalid_token", "Send the access token of an app.")
            return
        scopes = await self.run(self.hub.app_logins.scopes_of, self.actor)
        if scopes is None or "openid" not in scopes:
            text = "Only tokens of apps with the scope openid are answered here."
            self._refuse_token(403, "insufficient_scope", text)
            return
        self.reply(await self.run(self._claims, scopes))

    post = get

    def _refuse_token(self, status: int, code: str, text: str) -> None:
        self.set_header("WWW-Authenticate", f'Bearer error="{code}"')
        self.set_header("X-Error-Message", text)
        self.reply({"error": code, "error_description": text}, status)

    def _claims(self, scopes: list[str]) -> dict[str, Any]:
        person = self.hub.accounts.find(self.actor.name or "")
        assert person is not None
        return claims_about(self.hub.accounts, person, scopes, self.endpoint)


def claims_about(
    accounts: Accounts, person: Namespace, scopes: list[str], endpoint: str
) -> dict[str, Any]:
    """What an app may know of a person; in the words of the public hub."""
    claims: dict[str, Any] = {"sub": person.uid}
    if "profile" in scopes:
        claims |= {
            "name": person.fullname or person.name,
            "preferred_username": person.name,
            "profile": f"{endpoint}/{person.name}",
            "picture": "",
            "isPro": False,
            "orgs": [
                _org(org, role)
                for org, role in accounts.orgs_of(accounts.actor_for_user(person.name))
            ],
        }
    if "email" in scopes:
        claims |= {"email": person.email, "email_verified": person.email is not None}
    return claims


def _org(org: Namespace, role: str) -> dict[str, Any]:
    return {
        "sub": org.uid,
        "name": org.fullname or org.name,
        "preferred_username": org.name,
        "picture": "",
        "isEnterprise": False,
        "roleInOrg": role,
    }


ROUTES: tuple[Route, ...] = (
    Route(r"/\.well-known/openid-configuration", DiscoveryHandler),
    Route(r"/oauth/jwks", KeysHandler),
    Route(r"/oauth/userinfo", UserInfoHandler),
)
