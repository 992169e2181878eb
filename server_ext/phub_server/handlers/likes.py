"""Likes: one for each person and repository."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Action, require_own
from phub_jupyter.hub.database.tables import Like
from phub_jupyter.hub.likes import Page
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 1000


class LikeHandler(HubHandler):
    """Like a repository that one may read, or take the like back."""

    async def post(self, plural: str, namespace: str, name: str) -> None:
        """Like it; saying so twice counts once."""
        await self._set(plural, namespace, name, True)

    async def delete(self, plural: str, namespace: str, name: str) -> None:
        """Take the like back."""
        await self._set(plural, namespace, name, False)

    async def _set(self, plural: str, namespace: str, name: str, liked: bool) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        likes = await self.run(self.hub.likes.set, repo.pk, require_own(self.actor), liked)
        self.reply({"likes": likes, "liked": liked})


class _LikesHandler(HubHandler):
    """A list of likes, the last one first."""

    def page(self) -> Page:
        """The page that the query asks for. Raises InvalidRequestError."""
        limit = page_limit(self, _LARGEST_PAGE)
        cursor = self.get_query_argument("cursor", None)
        if cursor is None:
            return Page(limit)
        moment, _, key = cursor.partition("_")
        try:
            if not (key.isascii() and key.isdecimal() and len(key) < 19):
                raise ValueError(key)
            after = datetime.fromisoformat(moment)
            if after.tzinfo is None:
                raise ValueError(moment)
        except ValueError:
            raise InvalidRequestError(
                "cursor: not from a link of this hub; start without it."
            ) from None
        return Page(limit, (after, int(key)))

    def reply_likes(self, page: Page, items: list[Any], last: tuple[Like, int] | None) -> None:
        """Answer a page; ``last`` is the last like shown, if there are more."""
        if last is None:
            self.reply_page(items, None)
            return
        like, key = last
        cursor = f"{like.created_at.isoformat()}_{key}"
        self.reply_page(items, {"limit": page.limit, "cursor": cursor})


class LikersHandler(_LikesHandler):
    """Who likes a repository."""

    async def get(self, plural: str, namespace: str, name: str) -> None:
        """Answer one page of people."""
        repo = await self.repo(Action.READ, plural, namespace, name)
        page = self.page()
        found = await self.run(self.hub.likes.likers, repo.pk, page)
        shown = found[: page.limit]
        items = [
            {
                "user": person.name,
                "fullname": person.fullname or person.name,
                "avatarUrl": "",
                "type": person.kind,
                "isPro": False,
                "createdAt": timestamp(like.created_at),
            }
            for like, person in shown
        ]
        last = (shown[-1][0], shown[-1][1].pk) if len(found) > len(shown) else None
        self.reply_likes(page, items, last)


class LikedHandler(_LikesHandler):
    """What a person likes."""

    async def get(self, user: str) -> None:
        """Answer one page of those repositories that the caller may see."""
        person = await self.run(self.hub.accounts.find, user)
        if person is None or person.kind != "user":
            raise NotFoundError(f"There is no user '{user}' on this hub.")
        page = self.page()
        found = await self.run(self.hub.likes.by, self.actor, person.pk, page)
        shown = found[: page.limit]
        items = [
            {
                "createdAt": timestamp(like.created_at),
                "repo": {"name": f"{repo.namespace}/{repo.name}", "type": repo.type},
            }
            for like, repo in shown
        ]
        last = (shown[-1][0], shown[-1][1].pk) if len(found) > len(shown) else None
        self.reply_likes(page, items, last)


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/like", LikeHandler),
    Route(rf"{_REPO}/likers", LikersHandler),
    Route(r"/api/users/(?P<user>[^/]+)/likes", LikedHandler),
)
