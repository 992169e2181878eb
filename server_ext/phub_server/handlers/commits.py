"""Making commits, and listing them."""

from __future__ import annotations

import html
from typing import Any

from phub_jupyter.errors import NotFoundError, RepoNotFoundError, RevisionNotFoundError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.commits import CommitResult, pull_request_number
from phub_jupyter.hub.repos.history import CommitInfo
from phub_jupyter.hub.repos.operations import read_commit
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.body_file import BodyFile
from phub_server.cursor import Cursor
from phub_server.routing import NAME, NAMESPACE, PLURAL, REVISION, Route
from phub_server.uploads import UploadHandler
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES", "open_target"]

_LARGEST_PAGE = 1000
_LARGEST_COMMIT = 4 << 30


async def open_target(handler: HubHandler, revision: str, **place: str) -> Repo:
    """The repository, if the caller may commit to the revision or, if asked, propose to."""
    number = pull_request_number(revision)
    proposes = handler.query_flag("create_pr") or number is not None
    action = Action.PROPOSE if proposes else Action.WRITE
    repo = await handler.repo(action, place["plural"], place["namespace"], place["name"])
    if number is not None:
        try:
            await handler.run(
                handler.hub.community.pull_requests.require_push, handler.actor, repo, number
            )
        except RepoNotFoundError:
            raise
        except NotFoundError:
            raise RevisionNotFoundError(f"Invalid rev id: {revision}") from None
    return repo


class CommitHandler(UploadHandler[BodyFile]):
    """Takes a commit in: the body goes to a file first, so that its size costs no memory."""

    largest = _LARGEST_COMMIT
    _repo: Repo

    async def open_sink(self) -> BodyFile:
        self._repo = await open_target(self, **self.path_kwargs)
        return BodyFile(self.hub.root / "uploads")

    async def post(self, plural: str, namespace: str, name: str, revision: str) -> None:
        body = await self.received()
        propose = self.query_flag("create_pr")
        made, number = await self.run(self._propose if propose else self._commit, body, revision)
        repo = self._repo
        address = self.web_address(RepoType(repo.type), f"{repo.namespace}/{repo.name}")
        answer = {
            "success": True,
            "commitOid": made.oid,
            "commitUrl": f"{address}/commit/{made.oid}",
            "hookOutput": "",
        }
        if number is not None:
            answer["pullRequestUrl"] = f"{address}/discussions/{number}"
        self.reply(answer)

    def _commit(self, body: BodyFile, revision: str) -> tuple[CommitResult, int | None]:
        header, operations = read_commit(body.rewind())
        repo, number = self._repo, pull_request_number(revision)
        made = self.hub.commits.commit(repo, revision, header, operations, self.actor)
        if number is not None and made.changed:
            self.hub.community.pull_requests.note_commits(repo, number, [made.oid], self.actor)
        return made, number

    def _propose(self, body: BodyFile, revision: str) -> tuple[CommitResult, int]:
        header, operations = read_commit(body.rewind())
        made = self.hub.commits.prepare(self._repo, revision, header, operations, self.actor)
        title, _, text = header.message.partition("\n")
        number = self.hub.community.pull_requests.open(
            self._repo, revision, title, text.strip(), self.actor, draft=False, head=made.oid
        )
        return made, number


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
