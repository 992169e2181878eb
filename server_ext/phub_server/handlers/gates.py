"""Gated repositories: asking for access, and deciding who gets it."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.gates import STATUSES, Applicant, Status
from phub_server.base import HubHandler
from phub_server.fields import text_field
from phub_server.routing import NAME, NAMESPACE, PLURAL, WEB_PREFIX, Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 1000


class AskHandler(HubHandler):
    """Asks to read the files of a gated repository, with what its form wants to know."""

    async def post(self, namespace: str, name: str, plural: str | None = None) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        status = await self.run(self.hub.gates.ask, self.actor, repo, self._fields())
        self.reply({"status": status})

    def _fields(self) -> dict[str, Any]:
        if self.request.headers.get("Content-Type", "").startswith("application/json"):
            return self.json_body()
        return {key: self.get_body_argument(key) for key in self.request.body_arguments}


class RequestListHandler(HubHandler):
    """The requests of one status, oldest first."""

    async def get(self, plural: str, namespace: str, name: str, status: Status) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        limit = page_limit(self, _LARGEST_PAGE)
        after = self.whole_number("cursor", 0)
        found = await self.run(self.hub.gates.list, repo, status, after, limit + 1)
        page = found[:limit]
        more = len(found) > limit
        following = {"limit": limit, "cursor": page[-1].request.pk} if more else None
        self.reply_page([_shown(applicant) for applicant in page], following)


class DecisionHandler(HubHandler):
    """Accepts or rejects a request, or makes it pending again."""

    async def post(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        body = self.json_body()
        status = body.get("status")
        if status not in STATUSES:
            raise InvalidRequestError(f"status: use {', '.join(STATUSES)}.")
        await self.run(
            self.hub.gates.decide,
            repo,
            status,
            user=text_field(body, "user"),
            request=text_field(body, "requestId"),
            reason=text_field(body, "rejectionReason"),
        )
        self.reply({})


class GrantHandler(HubHandler):
    """Lets somebody in who did not ask."""

    async def post(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        user = text_field(self.json_body(), "user")
        if user is None:
            raise InvalidRequestError("user: name the person to let in.")
        await self.run(self.hub.gates.grant, repo, user)
        self.reply({})


def _shown(applicant: Applicant) -> dict[str, Any]:
    request, person = applicant.request, applicant.person
    user = {"user": person.name, "fullname": person.fullname or person.name, "type": "user"}
    if person.email is not None and not request.granted:  # they asked, so they agreed to be known
        user["email"] = person.email
    shown: dict[str, Any] = {
        "requestId": request.uid,
        "status": request.status,
        "timestamp": timestamp(request.created_at),
        "user": user,
    }
    if request.fields:
        shown["fields"] = request.fields
    if request.reason is not None:
        shown["rejectionReason"] = request.reason
    return shown


_REQUESTS = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}/user-access-request"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REQUESTS}/(?P<status>pending|accepted|rejected)", RequestListHandler),
    Route(rf"{_REQUESTS}/handle", DecisionHandler),
    Route(rf"{_REQUESTS}/grant", GrantHandler),
    Route(rf"{WEB_PREFIX}{NAMESPACE}/{NAME}/ask-access", AskHandler),
)
