"""What is new for the caller in discussions, and what the caller watches."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import AuthenticationError, InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Action, require_own
from phub_jupyter.hub.community.inbox import InboxPage, News, Target, Wanted
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.routing import Route
from phub_server.wire import timestamp

__all__ = ["ROUTES"]

_MOST = 1000
_ACCOUNTS = ("user", "org")
_MENTIONS = ("all", "mentions")
_READ = ("all", "unread")


class NotificationsHandler(HubHandler):
    """The caller's news, newest first, with how many of them are unread."""

    async def get(self) -> None:
        if self.actor.is_anonymous:
            raise AuthenticationError("Log in to see what is new for you.")
        wanted = await self._wanted()
        number = self.whole_number("p", 0)
        page = await self.run(self.hub.community.inbox.page, self.actor, wanted, number)
        self.reply(_page_body(page))

    async def _wanted(self) -> Wanted:
        unread = self._choice("readStatus", _READ) == "unread"
        mentions = self._choice("mention", _MENTIONS) == "mentions"
        name = self.get_query_argument("repoName", None)
        if name is None:
            return Wanted(unread, mentions)
        kind = self._choice("repoType", tuple(RepoType), default="model")
        find = self.hub.repositories.find
        repo = await self.run(find, self.actor, Action.READ, RepoType(kind), name)
        return Wanted(unread, mentions, repo.pk)

    def _choice(self, name: str, words: tuple[str, ...], default: str | None = None) -> str:
        value = self.get_query_argument(name, default or words[0])
        if value not in words:
            raise InvalidRequestError(f"{name}: send one of {', '.join(words)}.")
        return value


class MarkAsReadHandler(HubHandler):
    """Marks news as read, or as new again."""

    async def post(self) -> None:
        require_own(self.actor)
        body = self.json_body()
        everything, read = body.get("applyToAll", False), body.get("read", True)
        if not isinstance(everything, bool) or not isinstance(read, bool):
            raise InvalidRequestError("applyToAll, read: send true or false.")
        uids = None if everything else _texts(body, "discussionIds")
        await self.run(self.hub.community.inbox.mark, self.actor, uids, read=read)
        self.reply({"success": True})


class WatchHandler(HubHandler):
    """What the caller watches, and changes to it."""

    async def get(self) -> None:
        if self.actor.is_anonymous:
            raise AuthenticationError("Log in to see what you watch.")
        await self._reply_watched()

    async def patch(self) -> None:
        user = require_own(self.actor)
        body = self.json_body()
        added = await self.run(self._targets, _items(body, "add"))
        removed = await self.run(self._targets, _items(body, "delete"))
        await self.run(self.hub.community.inbox.watch, user, added, wanted=True)
        await self.run(self.hub.community.inbox.watch, user, removed, wanted=False)
        await self._reply_watched()

    async def _reply_watched(self) -> None:
        targets = await self.run(self.hub.community.inbox.watched, self.actor)
        self.reply({"watched": [_target_body(target) for target in targets]})

    def _targets(self, items: list[dict[str, Any]]) -> list[Target]:
        return [self._target(item) for item in items]

    def _target(self, item: dict[str, Any]) -> Target:
        kind, name = item.get("type"), item.get("name")
        if not isinstance(kind, str) or not isinstance(name, str):
            raise InvalidRequestError("add, delete: each item needs a type and a name.")
        if kind in _ACCOUNTS:
            owner = self.hub.accounts.find(name) if name.isprintable() else None
            if owner is None or owner.kind != kind:
                raise NotFoundError(f"There is no {kind} '{name}'.")
            return Target(owner=owner)
        if kind not in tuple(RepoType):
            words = ", ".join((*_ACCOUNTS, *RepoType))
            raise InvalidRequestError(f"type: send one of {words}.")
        find = self.hub.repositories.find
        return Target(repo=find(self.actor, Action.READ, RepoType(kind), name))


def _items(body: dict[str, Any], field: str) -> list[dict[str, Any]]:
    items = body.get(field, [])
    if (
        not isinstance(items, list)
        or len(items) > _MOST
        or not all(isinstance(item, dict) for item in items)
    ):
        raise InvalidRequestError(f"{field}: send a list of up to {_MOST} objects.")
    return items


def _texts(body: dict[str, Any], field: str) -> list[str]:
    items = body.get(field)
    if (
        not isinstance(items, list)
        or len(items) > _MOST
        or not all(isinstance(item, str) and item.isprintable() for item in items)
    ):
        raise InvalidRequestError(f"{field}: send a list of up to {_MOST} ids.")
    return items


def _page_body(page: InboxPage) -> dict[str, Any]:
    return {
        "notifications": [_news_body(item) for item in page.items],
        "start": page.start,
        "count": {"view": page.view, "unread": page.unread, "all": page.all},
    }


def _news_body(news: News) -> dict[str, Any]:
    row = news.discussion
    return {
        "type": "repo",
        "read": news.notification.read,
        "reason": news.notification.reason,
        "updatedAt": timestamp(news.notification.updated_at),
        "repo": _repo_body(news.repo),
        "discussion": {
            "id": row.uid,
            "num": row.number,
            "title": row.title,
            "status": row.status,
            "isPullRequest": row.is_pull_request,
            "participating": news.notification.reason != "watch",
        },
    }


def _target_body(target: Target) -> dict[str, str]:
    if target.repo is not None:
        return _repo_body(target.repo)
    assert target.owner is not None
    return {"type": target.owner.kind, "name": target.owner.name}


def _repo_body(repo: Repo) -> dict[str, str]:
    return {"type": repo.type, "name": f"{repo.namespace}/{repo.name}"}


ROUTES: tuple[Route, ...] = (
    Route(r"/api/notifications", NotificationsHandler),
    Route(r"/api/discussions/mark-as-read", MarkAsReadHandler),
    Route(r"/api/settings/watch", WatchHandler),
)
