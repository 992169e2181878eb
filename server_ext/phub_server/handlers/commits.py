"""Making commits, and listing them."""

from __future__ import annotations

import html
from typing import Any

from phub_jupyter.errors import NotSupportedError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.commits import CommitResult
from phub_jupyter.hub.repos.history import CommitInfo
from phub_jupyter.hub.repos.operations import read_commit
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.body_file import BodyFile
from phub_server.cursor import Cursor
from phub_server.routing import NAME, NAMESPACE, PLURAL, REVISION, Route
from phub_server.uploads import UploadHandler
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES", "refuse_pull_request"]

_LARGEST_PAGE = 1000
_LARGEST_COMMIT = 4 << 30


async def refuse_pull_request(handler: HubHandler, plural: str, namespace: str, name: str) -> None:
    """Answer 501 to ``create_pr``, which any reader may ask for, before anything is written."""
    if handler.query_flag("create_pr"):
        await handler.repo(Action.READ, plural, namespace, name)
        raise NotSupportedError(
            "create_pr: pull requests are not built yet in this hub; nothing was changed. "
            "Commit to a branch instead."
        )


class CommitHandler(UploadHandler[BodyFile]):
    """Takes a commit in: the body goes to a file first, so that its size costs no memory."""

    largest = _LARGEST_COMMIT
    _repo: Repo

    async def open_sink(self) -> BodyFile:
        place = [self.path_kwargs[key] for key in ("plural", "namespace", "name")]
        await refuse_pull_request(self, *place)
        self._repo = await self.repo(Action.WRITE, *place)
        return BodyFile(self.hub.root / "uploads")

    async def post(self, plural: str, namespace: str, name: str, revision: str) -> None:
        body = await self.received()
        result = await self.run(self._commit, body, revision)
        repo = self._repo
        address = f"{RepoType(repo.type).url_prefix}{repo.namespace}/{repo.name}"
        self.reply(
            {
                "success": True,
                "commitOid": result.oid,
                "commitUrl": f"{self.endpoint}/{address}/commit/{result.oid}",
                "hookOutput": "",
            }
        )

    def _commit(self, body: BodyFile, revision: str) -> CommitResult:
        header, operations = read_commit(body.rewind())
        return self.hub.commits.commit(self._repo, revision, header, operations, self.actor)


class CommitListHandler(HubHandler):
    """The history of a revision, newest first."""

    async def get(self, plural: str, namespace: str, name: str, revision: str) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        limit = page_limit(self, _LARGEST_PAGE)
        commits, following = await self.run(self._page, repo, revision, limit)
        oids = [commit.oid for commit in commits]
        pushers = await self.run(self.hub.pushers.names, repo.pk, oids)
        formatted = "formatted" in self.get_query_arguments("expand[]")
        query: dict[str, Any] | None = None
        if following is not None:
            query = {"cursor": following, "limit": limit}
            if formatted:
                query["expand[]"] = "formatted"
        items = [
            _json(commit, pushers.get(commit.oid, commit.author), formatted) for commit in commits
        ]
        self.reply_page(items, query)

    def _page(
        self, repo: Repo, revision: str, limit: int
    ) -> tuple[list[CommitInfo], Cursor | None]:
        git = self.hub.repositories.open(repo)
        text = self.get_query_argument("cursor", None)
        start = Cursor(git.resolve(revision), 0) if text is None else Cursor.parse(text)
        commits = git.log(git.resolve(start.commit), start.skip, limit + 1)
        more = len(commits) > limit
        return commits[:limit], Cursor(start.commit, start.skip + limit) if more else None


def _json(commit: CommitInfo, author: str, formatted: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": author}],
        "date": timestamp(commit.date),
    }
    if formatted:
        item["formatted"] = {
            "title": html.escape(commit.title),
            "message": html.escape(commit.message),
        }
    return item


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/commit/{REVISION}", CommitHandler),
    Route(rf"{_REPO}/commits/{REVISION}", CommitListHandler),
)
