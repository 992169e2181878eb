"""What is in a repository at a revision: folders page by page, or the paths that are named."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from phub_jupyter.errors import EntryNotFoundError, InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.git_repository import Entry, GitRepository
from phub_server.base import HubHandler
from phub_server.cursor import Cursor
from phub_server.routing import NAME, NAMESPACE, PLURAL, REVISION, Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 1000
_LARGEST_EXPANDED_PAGE = 50
_MOST_PATHS = 1000


class EntryHandler(HubHandler):
    """What listings and single paths have in common: how an entry is shown."""

    def describe(
        self, repo: Repo, git: GitRepository, commit: str, entries: list[Entry], expand: bool
    ) -> list[dict[str, Any]]:
        """The entries as JSON; ``expand`` adds the commit that touched each last."""
        sha256s = [entry.lfs.sha256 for entry in entries if entry.lfs is not None]
        large = self.hub.large_files.find(repo.pk, sha256s) if sha256s else {}
        touched = git.last_commits(commit, [entry.path for entry in entries]) if expand else {}
        items = []
        for entry in entries:
            item: dict[str, Any] = {
                "type": entry.kind,
                "oid": entry.oid,
                "size": entry.size,
                "path": entry.path,
            }
            if entry.lfs is not None:
                pointer = entry.lfs
                item["lfs"] = {
                    "oid": pointer.sha256,
                    "size": pointer.size,
                    "pointerSize": len(pointer.text),
                }
                known = large.get(pointer.sha256)
                if known is not None and known.offered_hash is not None:
                    item["xetHash"] = known.offered_hash
            last = touched.get(entry.path)
            if last is not None:
                item["lastCommit"] = {
                    "id": last.oid,
                    "title": last.title,
                    "date": timestamp(last.date),
                }
            items.append(item)
        return items


class TreeHandler(EntryHandler):
    """A folder, or with ``recursive`` everything below it; a missing folder is 404."""

    async def get(
        self, plural: str, namespace: str, name: str, revision: str, path: str | None = None
    ) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        recursive, expand = self.query_flag("recursive"), self.query_flag("expand")
        limit = page_limit(self, _LARGEST_EXPANDED_PAGE if expand else _LARGEST_PAGE)
        items, following = await self.run(
            self._page, repo, revision, (path or "").strip("/"), recursive, expand, limit
        )
        query = None
        if following is not None:
            flags = {"recursive": str(recursive).lower(), "expand": str(expand).lower()}
            query = {**flags, "limit": limit, "cursor": following}
        self.reply_page(items, query)

    def _page(
        self, repo: Repo, revision: str, path: str, recursive: bool, expand: bool, limit: int
    ) -> tuple[list[dict[str, Any]], Cursor | None]:
        git = self.hub.repositories.open(repo)
        text = self.get_query_argument("cursor", None)
        start = Cursor(git.resolve(revision), 0) if text is None else Cursor.parse(text)
        commit = git.resolve(start.commit)
        found = git.tree(commit, path, recursive=recursive, skip=start.skip)
        entries = list(islice(found, limit + 1))
        items = self.describe(repo, git, commit, entries[:limit], expand)
        more = len(entries) > limit
        return items, Cursor(commit, start.skip + limit) if more else None


class PathsInfoHandler(EntryHandler):
    """Those of the named paths that exist; the others are passed over."""

    async def post(self, plural: str, namespace: str, name: str, revision: str) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        paths, expand = self._wanted()
        if len(paths) > _MOST_PATHS:
            raise InvalidRequestError(f"paths: at most {_MOST_PATHS} at a time.")
        self.reply(await self.run(self._describe_paths, repo, revision, paths, expand))

    def _wanted(self) -> tuple[list[str], bool]:
        if self.request.headers.get("Content-Type", "").startswith("application/json"):
            body = self.json_body()
            paths, expand = body.get("paths", []), bool(body.get("expand", False))
            if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
                raise InvalidRequestError("paths: must be a list of texts.")
            return paths, expand
        flag = self.get_body_argument("expand", "false").lower()
        return self.get_body_arguments("paths", strip=False), flag in ("true", "1", "yes")

    def _describe_paths(
        self, repo: Repo, revision: str, paths: Iterable[str], expand: bool
    ) -> list[dict[str, Any]]:
        git = self.hub.repositories.open(repo)
        commit = git.resolve(revision)
        entries = []
        for path in dict.fromkeys(path.strip("/") for path in paths):
            try:
                entries.append(git.entry(commit, path))
            except EntryNotFoundError:
                continue
        return self.describe(repo, git, commit, entries, expand)


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/tree/{REVISION}(?:/(?P<path>.*))?", TreeHandler),
    Route(rf"{_REPO}/paths-info/{REVISION}", PathsInfoHandler),
)
