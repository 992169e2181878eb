"""Who the caller is: the answer that clients build everything else on."""

from __future__ import annotations

from typing import Any

from phub_jupyter import __version__
from phub_jupyter.errors import AuthenticationError
from phub_jupyter.hub.database.tables import Namespace
from phub_jupyter.tasks import TASKS
from phub_server.base import HubHandler
from phub_server.routing import Route
from phub_server.wire import timestamp

__all__ = ["ROUTES"]


class WhoAmIHandler(HubHandler):
    """The account behind a token or session, with its organizations."""

    async def get(self) -> None:
        if self.actor.is_anonymous:
            raise AuthenticationError("Log in: this needs a token.")
        self.reply(await self.run(self._answer))

    def _answer(self) -> dict[str, Any]:
        actor = self.actor
        person = self.hub.accounts.find(actor.name or "")
        assert person is not None
        orgs = self.hub.accounts.orgs_of(actor)
        email = person.email if self._shows_email() else None
        return {
            "type": "user",
            "id": person.uid,
            "name": person.name,
            "fullname": person.fullname or person.name,
            "email": email,
            "emailVerified": email is not None,
            "canPay": False,
            "isPro": False,
            "isAdmin": actor.is_hub_admin,
            "avatarUrl": "",
            "periodEnd": None,
            "orgs": [_org(org, role) for org, role in orgs],
            "auth": self._auth(),
        }

    def _shows_email(self) -> bool:
        """Apps see it only if the person agreed, jobs of a trusted publisher never."""
        grant = self.actor.grant
        if grant is None or self.hub.accounts.token(grant.pk).publisher_pk is not None:
            return grant is None
        scopes = self.hub.app_logins.scopes_of(self.actor)
        return scopes is None or "email" in scopes

    def _auth(self) -> dict[str, Any]:
        grant = self.actor.grant
        if grant is None:
            return {"type": "session"}
        token = self.hub.accounts.token(grant.pk)
        # The clients know read, write and fineGrained; a token of role admin can at least write.
        answer: dict[str, Any] = {
            "displayName": token.name,
            "role": "write" if token.role == "admin" else token.role,
            "createdAt": timestamp(token.created_at),
        }
        if token.role == "fineGrained":
            scopes = [
                {
                    "entity": {"_id": scope["id"], "type": scope.get("type")},
                    "permissions": [f"repo.{right}" for right in scope["rights"]],
                }
                for scope in token.scopes
            ]
            answer["fineGrained"] = {"scoped": scopes, "global": [], "canReadGatedRepos": False}
        return {"type": "access_token", "accessToken": answer}


def _org(org: Namespace, role: str) -> dict[str, Any]:
    return {
        "type": "org",
        "id": org.uid,
        "name": org.name,
        "fullname": org.fullname or org.name,
        "email": None,
        "canPay": False,
        "avatarUrl": "",
        "roleInOrg": role,
        "isEnterprise": False,
    }


class StatusHandler(HubHandler):
    """What the JupyterLab panels need to know first; says nothing that a stranger may not know."""

    async def get(self) -> None:
        actor = self.actor
        user = None if actor.is_anonymous else {"name": actor.name, "is_admin": actor.is_hub_admin}
        self.reply(
            {
                "version": __version__,
                "mode": self.context.mode,
                "endpoint": self.endpoint,
                "user": user,
            }
        )


class TasksHandler(HubHandler):
    """The task table."""

    async def get(self) -> None:
        self.reply(
            [
                {
                    "name": task.name,
                    "label": task.label,
                    "modality": task.modality,
                    "inputs": task.inputs,
                    "trainable": task.trainable,
                    "servable": task.servable,
                }
                for task in TASKS.values()
            ]
        )


ROUTES: tuple[Route, ...] = (
    Route(r"/api/whoami-v2", WhoAmIHandler),
    Route(r"/api/phub/status", StatusHandler),
    Route(r"/api/phub/tasks", TasksHandler),
)
