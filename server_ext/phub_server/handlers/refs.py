"""Branches, tags, and a branch's history forgotten."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotFoundError, RevisionNotFoundError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.git_repository import Ref
from phub_jupyter.hub.repos.push_rules import pull_request_of
from phub_server.base import HubHandler
from phub_server.fields import text_field
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route

__all__ = ["ROUTES"]

_KINDS = {
    "branches": "refs/heads/",
    "tags": "refs/tags/",
    "converts": "refs/convert/",
    "pullRequests": "refs/pr/",
}


class RefListHandler(HubHandler):
    """All refs, sorted into branches, tags, conversions and pull requests."""

    async def get(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        refs = await self.run(self.hub.references.all, repo)
        body = {kind: _sorted_out(refs, prefix) for kind, prefix in _KINDS.items()}
        if not self.query_flag("include_prs"):
            del body["pullRequests"]
        self.reply(body)


class BranchHandler(HubHandler):
    """One branch: made at a revision, or removed."""

    async def post(self, plural: str, namespace: str, name: str, branch: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        start = text_field(self.json_body(), "startingPoint")
        await self.run(self.hub.references.create_branch, repo, self.actor, branch, start)
        self.reply({})

    async def delete(self, plural: str, namespace: str, name: str, branch: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        await self.run(self.hub.references.delete_branch, repo, self.actor, branch)
        self.reply({})


class TagHandler(HubHandler):
    """One tag: made at the revision in the address, or removed by its name in the address."""

    async def post(self, plural: str, namespace: str, name: str, revision: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        body = self.json_body()
        tag, message = text_field(body, "tag"), text_field(body, "message")
        if not tag:
            raise InvalidRequestError("tag: name the tag.")
        create = self.hub.references.create_tag
        await self.run(create, repo, self.actor, tag, revision, message or "")
        self.reply({})

    async def delete(self, plural: str, namespace: str, name: str, revision: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        await self.run(self.hub.references.delete_tag, repo, self.actor, revision)
        self.reply({})


class SquashHandler(HubHandler):
    """Replaces a branch's history by one commit."""

    async def post(self, plural: str, namespace: str, name: str, branch: str) -> None:
        number = pull_request_of(branch)
        action = Action.WRITE if number is None else Action.PROPOSE
        repo = await self.repo(action, plural, namespace, name)
        if number is not None:
            await self.run(self._require_push, repo, number)
        message = text_field(self.json_body(), "message") or ""
        await self.run(self.hub.references.squash, repo, self.actor, branch, message)
        self.reply({})

    def _require_push(self, repo: Repo, number: int) -> None:
        try:
            self.hub.community.pull_requests.require_push(self.actor, repo, number)
        except NotFoundError:
            raise RevisionNotFoundError(f"Invalid rev id: refs/pr/{number}") from None


def _sorted_out(refs: list[Ref], prefix: str) -> list[dict[str, Any]]:
    return [
        {"name": ref.name.removeprefix(prefix), "ref": ref.name, "targetCommit": ref.commit}
        for ref in refs
        if ref.name.startswith(prefix)
    ]


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/refs", RefListHandler),
    Route(rf"{_REPO}/branch/(?P<branch>.+)", BranchHandler),
    Route(rf"{_REPO}/super-squash/(?P<branch>.+)", SquashHandler),
    Route(rf"{_REPO}/tag/(?P<revision>.+)", TagHandler),
)
