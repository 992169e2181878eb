"""File locks of git-lfs."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.repos.file_locks import HeldLock, LockTakenError
from phub_server.handlers.lfs import LFS, LfsHandler
from phub_server.routing import Route
from phub_server.wire import timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 1000


class LocksHandler(LfsHandler):
    """Lists locks, and makes one."""

    async def get(self, plural: str | None, namespace: str, name: str) -> None:
        repo = await self.repo(Action.CONTENT, plural, namespace, name)
        limit = _limit(self.get_query_argument("limit", None))
        held = await self.run(
            self.hub.file_locks.list,
            repo,
            path=self.get_query_argument("path", None),
            uid=self.get_query_argument("id", None),
            after=_cursor(self.get_query_argument("cursor", None)),
            limit=limit + 1,
        )
        self.reply({"locks": [_json(lock) for lock in held[:limit]], **_following(held, limit)})

    async def post(self, plural: str | None, namespace: str, name: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        path = self.json_body().get("path")
        if not isinstance(path, str):
            raise InvalidRequestError("path: name the file to lock.")
        try:
            held = await self.run(self.hub.file_locks.create, repo, self.actor, path)
        except LockTakenError as error:
            self.set_header("X-Error-Code", error.code)
            self.reply({"lock": _json(error.held), "message": error.message}, error.status)
            return
        self.reply({"lock": _json(held)}, 201)


class VerifyLocksHandler(LfsHandler):
    """Says before a push which locks are the pusher's and which are not."""

    async def post(self, plural: str | None, namespace: str, name: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        body = self.json_body()
        limit, after = _limit(body.get("limit")), _cursor(body.get("cursor"))
        held = await self.run(self.hub.file_locks.list, repo, after=after, limit=limit + 1)
        page = held[:limit]
        self.reply(
            {
                "ours": [_json(lock) for lock in page if lock.owner == self.actor.name],
                "theirs": [_json(lock) for lock in page if lock.owner != self.actor.name],
                **_following(held, limit),
            }
        )


class UnlockHandler(LfsHandler):
    """Removes a lock."""

    async def post(self, plural: str | None, namespace: str, name: str, lock: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        force = self.json_body().get("force", False) is True
        held = await self.run(self.hub.file_locks.remove, repo, self.actor, lock, force=force)
        self.reply({"lock": _json(held)})


def _json(held: HeldLock) -> dict[str, Any]:
    return {
        "id": held.uid,
        "path": held.path,
        "locked_at": timestamp(held.locked_at),
        "owner": {"name": held.owner},
    }


def _following(held: list[HeldLock], limit: int) -> dict[str, str]:
    return {"next_cursor": str(held[limit - 1].pk) if len(held) > limit else ""}


def _limit(value: Any) -> int:
    number = _number("limit", value)
    return min(number, _LARGEST_PAGE) if number else _LARGEST_PAGE


def _cursor(value: Any) -> int:
    return _number("cursor", value)


def _number(field: str, value: Any) -> int:
    text = "0" if value in (None, "") else str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise InvalidRequestError(f"{field}: must be a number from 0 up.")
    return int(text)


ROUTES: tuple[Route, ...] = (
    Route(rf"{LFS}/locks/verify", VerifyLocksHandler),
    Route(rf"{LFS}/locks", LocksHandler),
    Route(rf"{LFS}/locks/(?P<lock>[^/]+)/unlock", UnlockHandler),
)
