"""Who may see and read a repository: its settings, and a check of the caller's own rights."""

from __future__ import annotations

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.repo_bodies import private_of, protected_of, refuse_unbuilt
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route

__all__ = ["ROUTES"]

_SETTINGS = frozenset({"visibility", "private", "gated", "xetEnabled"})


class SettingsHandler(HubHandler):
    """Changes who may see a repository, and whether its files must be asked for."""

    async def put(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        body = self.json_body()
        refuse_unbuilt(body, _SETTINGS)
        private, gated = private_of(body, RepoType(repo.type)), body.get("gated")
        if body.get("xetEnabled") is False:
            raise InvalidRequestError("xetEnabled: this hub keeps large files by Xet and by LFS.")
        if private is None and gated is None and "xetEnabled" not in body:
            raise InvalidRequestError("visibility, gated: send what you want to change.")
        repo = await self.run(
            self.hub.repositories.change,
            self.actor,
            repo,
            private=private,
            protected=protected_of(body),
            gated=gated,
        )
        self.reply(
            {"private": repo.private, "visibility": repo.visibility, "gated": repo.gated or False}
        )


class AuthCheckHandler(HubHandler):
    """Says by its status alone whether the caller may read the files (or write)."""

    async def get(self, plural: str, namespace: str, name: str, write: str | None = None) -> None:
        await self.repo(Action.WRITE if write else Action.CONTENT, plural, namespace, name)
        self.reply({})


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/settings", SettingsHandler),
    Route(rf"{_REPO}/auth-check(?:/(?P<write>write))?", AuthCheckHandler),
)
