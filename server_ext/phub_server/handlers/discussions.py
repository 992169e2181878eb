"""Discussions and pull requests of a repository."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.community.community import Community
from phub_jupyter.hub.community.discussions import Filter
from phub_jupyter.hub.community.merges import Changes
from phub_jupyter.hub.community.threads import Happening, Thread
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.identifiers import parse_path
from phub_server.base import HubHandler
from phub_server.discussion_bodies import event_body, summary_body, thread_body
from phub_server.fields import text_field
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route
from phub_server.wire import page_limit

__all__ = ["ROUTES"]

_MAIN = "main"
_PAGE = 50
_LARGEST_PAGE = 100
_SIDES = ("left", "right")
_CHANGES = ("title", "status", "pin", "lock")
_LAST_LINE = 2**31 - 1


class _CommunityHandler(HubHandler):
    @property
    def community(self) -> Community:
        """The services that all of these call."""
        return self.hub.community

    def text(self, body: dict[str, Any], field: str, default: str | None = None) -> str:
        """A text of the body. Raises InvalidRequestError."""
        value = text_field(body, field)
        if value is None:
            value = default
        if value is None:
            raise InvalidRequestError(f"{field}: send a text.")
        return value

    def flag(self, body: dict[str, Any], field: str, default: bool | None = None) -> bool:
        """A boolean of the body. Raises InvalidRequestError."""
        value = body.get(field, default)
        if not isinstance(value, bool):
            raise InvalidRequestError(f"{field}: send true or false.")
        return value


class DiscussionListHandler(_CommunityHandler):
    """All discussions, newest first, and the start of a new one."""

    async def get(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        wanted = Filter(
            self.get_query_argument("type", "all"),
            self.get_query_argument("status", "all"),
            self.get_query_argument("author", None),
        )
        number = self.whole_number("p", 0)
        limit = page_limit(self, _LARGEST_PAGE) if self.get_query_argument("limit", "") else _PAGE
        page = await self.run(self.community.discussions.page, repo, wanted, number, limit)
        items = [summary_body(repo, item) for item in page.items]
        self.reply({"discussions": items, "count": page.count, "start": page.start})

    async def post(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.PROPOSE, plural, namespace, name)
        body = self.json_body()
        title, description = self.text(body, "title"), self.text(body, "description", "")
        if self.flag(body, "pullRequest", default=False):
            base = self.text(body, "base", _MAIN)
            number = await self.run(
                self.community.pull_requests.open,
                *(repo, base, title, description, self.actor),
                draft=True,
            )
        else:
            discussions = self.community.discussions
            number = await self.run(discussions.open, self.actor, repo, title, description)
        self.reply({"num": number, "pullRequest": self.flag(body, "pullRequest", default=False)})


class DiscussionHandler(_CommunityHandler):
    """One discussion with everything that happened in it."""

    async def get(self, plural: str, namespace: str, name: str, number: str) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        diff = self.query_flag("diff")
        thread, changes = await self.run(self._read, repo, int(number), diff)
        self.reply(thread_body(repo, thread, changes))

    def _read(self, repo: Repo, number: int, diff: bool) -> tuple[Thread, Changes | None]:
        self.community.merges.settle(repo, number)
        thread = self.community.discussions.get(repo, number)
        if not thread.summary.row.is_pull_request:
            return thread, None
        return thread, self.community.merges.changes(self.actor, repo, number, diff=diff)


class CommentHandler(_CommunityHandler):
    """Says something; with ``path``, perhaps ``line`` and ``side``, about a part of a file."""

    async def post(self, plural: str, namespace: str, name: str, number: str) -> None:
        repo = await self.repo(Action.PROPOSE, plural, namespace, name)
        body = self.json_body()
        text, place = self.text(body, "comment"), self._place(body)
        discussions = self.community.discussions
        said = await self.run(discussions.comment, self.actor, repo, int(number), text, place)
        self.reply({"newMessage": event_body(said)})

    def _place(self, body: dict[str, Any]) -> dict[str, Any]:
        place: dict[str, Any] = {}
        path, line, side = (body.get(field) for field in ("path", "line", "side"))
        if path is None:
            if line is not None or side is not None:
                raise InvalidRequestError("path: name the file that the line is in.")
            return place
        place["path"] = parse_path(self.text(body, "path"))
        if line is not None:
            if not isinstance(line, int) or isinstance(line, bool) or not 0 < line <= _LAST_LINE:
                raise InvalidRequestError("line: send the number of a line, from 1 up.")
            place["line"] = line
        if side is not None:
            if side not in _SIDES:
                raise InvalidRequestError(f"side: send one of {', '.join(_SIDES)}.")
            place["side"] = side
        return place


class ChangeHandler(_CommunityHandler):
    """Changes a discussion: its title or status, or whether it is pinned or locked."""

    def initialize(self, what: str) -> None:
        """Remember what is to be changed."""
        self._what = what

    async def post(self, plural: str, namespace: str, name: str, number: str) -> None:
        repo = await self.repo(Action.PROPOSE, plural, namespace, name)
        changes = {
            "title": ("newTitle", self._rename),
            "status": ("newStatus", self._set_status),
            "pin": ("newPin", self._pin),
            "lock": ("newLock", self._lock),
        }
        key, change = changes[self._what]
        happening = await self.run(change, repo, int(number), self.json_body())
        self.reply({key: event_body(happening)})

    def _rename(self, repo: Repo, number: int, body: dict[str, Any]) -> Happening:
        title = self.text(body, "title")
        return self.community.discussions.rename(self.actor, repo, number, title)

    def _set_status(self, repo: Repo, number: int, body: dict[str, Any]) -> Happening:
        status, comment = self.text(body, "status"), self.text(body, "comment", "")
        discussions = self.community.discussions
        return discussions.set_status(self.actor, repo, number, status, comment)

    def _pin(self, repo: Repo, number: int, body: dict[str, Any]) -> Happening:
        pinned = self.flag(body, "pinned")
        return self.community.discussions.pin(self.actor, repo, number, pinned)

    def _lock(self, repo: Repo, number: int, body: dict[str, Any]) -> Happening:
        locked = self.flag(body, "locked")
        return self.community.discussions.lock(self.actor, repo, number, locked)


class CommentChangeHandler(_CommunityHandler):
    """Lets a comment say something else, or hides it."""

    def initialize(self, hide: bool) -> None:
        """Remember which of the two."""
        self._hide = hide

    async def post(self, plural: str, namespace: str, name: str, number: str, comment: str) -> None:
        repo = await self.repo(Action.PROPOSE, plural, namespace, name)
        discussions, place = self.community.discussions, (repo, int(number), comment.lower())
        if self._hide:
            happening = await self.run(discussions.hide, self.actor, *place)
        else:
            text = self.text(self.json_body(), "content")
            happening = await self.run(discussions.edit, self.actor, *place, text)
        self.reply({"updatedComment": event_body(happening)})


class MergeHandler(_CommunityHandler):
    """Merges a pull request."""

    async def post(self, plural: str, namespace: str, name: str, number: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        body = {} if self.request.body.strip() == b"null" else self.json_body()
        comment = self.text(body, "comment", "")
        merges = self.community.merges
        oid = await self.run(merges.merge, self.actor, repo, int(number), comment)
        self.reply({"status": "merged", "mergeCommitId": oid})


_ALL = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}/discussions"
_ONE = rf"{_ALL}/(?P<number>[0-9]{{1,9}})"
_COMMENT = rf"{_ONE}/comment/(?P<comment>[0-9a-fA-F]{{1,64}})"

ROUTES: tuple[Route, ...] = (
    Route(_ALL, DiscussionListHandler),
    Route(_ONE, DiscussionHandler),
    Route(rf"{_ONE}/comment", CommentHandler),
    Route(rf"{_COMMENT}/edit", CommentChangeHandler, {"hide": False}),
    Route(rf"{_COMMENT}/hide", CommentChangeHandler, {"hide": True}),
    *(Route(rf"{_ONE}/{what}", ChangeHandler, {"what": what}) for what in _CHANGES),
    Route(rf"{_ONE}/merge", MergeHandler),
)
