"""The jobs of a CI that a repository trusts to write it."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action, require_own
from phub_jupyter.hub.database.tables import TrustedPublisher
from phub_server.base import HubHandler
from phub_server.fields import required_text
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route
from phub_server.wire import timestamp

__all__ = ["ROUTES"]


class PublisherListHandler(HubHandler):
    """The publishers of a repository with their last use, and new ones."""

    async def get(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        found = await self.run(self.hub.publishers.all, repo)
        self.reply([_shown(publisher, person) for publisher, person in found])

    async def post(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        require_own(self.actor)
        body = self.json_body()
        claims = body.get("claims")
        if not isinstance(claims, dict):
            raise InvalidRequestError("claims: send an object of the claims that a job must have.")
        issuer = required_text(body, "issuer", 512)
        add = self.hub.publishers.add
        added = await self.run(add, self.actor, repo, issuer, claims)
        self.reply(_shown(added, self.actor.name or ""))


class PublisherHandler(HubHandler):
    """Ends the trust in some jobs, and the tokens that they have."""

    async def delete(self, plural: str, namespace: str, name: str, publisher: str) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        require_own(self.actor)
        await self.run(self.hub.publishers.remove, repo, publisher)
        self.reply({})


def _shown(publisher: TrustedPublisher, person: str) -> dict[str, Any]:
    used = publisher.last_used_at
    return {
        "id": publisher.uid,
        "issuer": publisher.issuer,
        "claims": publisher.claims,
        "createdBy": person,
        "createdAt": timestamp(publisher.created_at),
        "lastUsedAt": None if used is None else timestamp(used),
        "lastSubject": publisher.last_subject,
    }


_LIST = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}/trusted-publishers"

ROUTES: tuple[Route, ...] = (
    Route(_LIST, PublisherListHandler),
    Route(rf"{_LIST}/(?P<publisher>[0-9a-f]{{24}})", PublisherHandler),
)
