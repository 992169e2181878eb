"""Branches and tags."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.refs import create_branch, create_tag, delete_branch, delete_tag
from phub_server.base import HubHandler
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
        body = await self.run(self._refs, repo)
        if not self.query_flag("include_prs"):
            del body["pullRequests"]
        self.reply(body)

    def _refs(self, repo: Repo) -> dict[str, list[dict[str, Any]]]:
        refs = self.hub.repositories.open(repo).refs()
        return {
            kind: [
                {
                    "name": ref.name.removeprefix(prefix),
                    "ref": ref.name,
                    "targetCommit": ref.commit,
                }
                for ref in refs
                if ref.name.startswith(prefix)
            ]
            for kind, prefix in _KINDS.items()
        }


class BranchHandler(HubHandler):
    """One branch: made at a revision, or removed."""

    async def post(self, plural: str, namespace: str, name: str, branch: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        start = _optional_text(self.json_body(), "startingPoint")
        await self.run(create_branch, self.hub.repositories.open(repo), branch, start)
        self.reply({})

    async def delete(self, plural: str, namespace: str, name: str, branch: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        await self.run(delete_branch, self.hub.repositories.open(repo), branch)
        self.reply({})


class TagHandler(HubHandler):
    """One tag: made at the revision in the address, or removed by its name in the address."""

    async def post(self, plural: str, namespace: str, name: str, revision: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        body = self.json_body()
        tag, message = _optional_text(body, "tag"), _optional_text(body, "message")
        if not tag:
            raise InvalidRequestError("tag: name the tag.")
        git = self.hub.repositories.open(repo)
        await self.run(create_tag, git, tag, revision, message or "", self.actor)
        self.reply({})

    async def delete(self, plural: str, namespace: str, name: str, revision: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        await self.run(delete_tag, self.hub.repositories.open(repo), revision)
        self.reply({})


def _optional_text(body: dict[str, Any], field: str) -> str | None:
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise InvalidRequestError(f"{field}: must be a text.")
    return value


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/refs", RefListHandler),
    Route(rf"{_REPO}/branch/(?P<branch>.+)", BranchHandler),
    Route(rf"{_REPO}/tag/(?P<revision>.+)", TagHandler),
)
