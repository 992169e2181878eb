"""Likes: one for each person and repository."""

from __future__ import annotations

from phub_jupyter.hub.access import Action, require_own
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route

__all__ = ["ROUTES"]


class LikeHandler(HubHandler):
    """Like a repository that one may read, or take the like back."""

    async def post(self, plural: str, namespace: str, name: str) -> None:
        await self._set(plural, namespace, name, True)

    async def delete(self, plural: str, namespace: str, name: str) -> None:
        await self._set(plural, namespace, name, False)

    async def _set(self, plural: str, namespace: str, name: str, liked: bool) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        likes = await self.run(self.hub.likes.set, repo.pk, require_own(self.actor), liked)
        self.reply({"likes": likes, "liked": liked})


ROUTES: tuple[Route, ...] = (Route(rf"/api/{PLURAL}/{NAMESPACE}/{NAME}/like", LikeHandler),)
