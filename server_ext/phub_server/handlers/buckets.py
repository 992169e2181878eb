"""Buckets over HTTP: their life, what is in them, and changes of many files at once."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotSupportedError,
)
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.buckets.batches import BatchResult
from phub_jupyter.hub.buckets.buckets import BucketSummary
from phub_jupyter.hub.buckets.changes import read_changes
from phub_jupyter.hub.buckets.listing import BucketFolder, TreePage
from phub_jupyter.hub.database.tables import BucketFile, Repo
from phub_jupyter.identifiers import RepoId, RepoType
from phub_server.base import HubHandler
from phub_server.files import FileHandler
from phub_server.handlers.xet import StoreTokenHandler
from phub_server.repo_bodies import group_of, private_of, refuse_unbuilt
from phub_server.routing import NAME, NAMESPACE, PATH, Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 1000
_MOST_PATHS = 1000
_CREATE = frozenset({"visibility", "private", "resourceGroupId"})
_SETTINGS = frozenset({"visibility", "private"})
_MYSELF = "me"


class _BucketHandler(HubHandler):
    """What all have in common: the bucket in the path, and names that mean the caller."""

    async def bucket(self, action: Action, namespace: str, name: str) -> Repo:
        return await self.repo(action, "buckets", namespace, name)

    def owner(self, namespace: str) -> str:
        if namespace != _MYSELF:
            return namespace
        if self.actor.name is None:
            raise AuthenticationError("Log in: 'me' stands for whoever asks.")
        return self.actor.name

    def describe(self, summary: BucketSummary) -> dict[str, Any]:
        repo = summary.repo
        return {
            "id": f"{repo.namespace}/{repo.name}",
            "private": repo.private,
            "visibility": repo.visibility,
            "createdAt": timestamp(repo.created_at),
            "updatedAt": timestamp(repo.updated_at),
            "size": summary.size,
            "totalFiles": summary.files,
        }


class BucketHandler(_BucketHandler):
    """One bucket: made, looked at, deleted."""

    async def get(self, namespace: str, name: str) -> None:
        repo = await self.bucket(Action.READ, namespace, name)
        self.reply(self.describe(await self.run(self.hub.buckets.summary, repo)))

    async def post(self, namespace: str, name: str) -> None:
        if self.actor.is_anonymous:
            raise AuthenticationError("Log in to create a bucket.")
        body = self.json_body()
        refuse_unbuilt(body, _CREATE)
        bucket_id = RepoId.parse(f"{self.owner(namespace)}/{name}")
        try:
            repo = await self.run(
                self.hub.buckets.create,
                self.actor,
                bucket_id,
                private=private_of(body, RepoType.BUCKET) or False,
                resource_group=group_of(body),
            )
        except ConflictError as error:
            raise ConflictError(error.message, url=self._url(error.extra["name"])) from None
        self.reply({"url": self._url(f"{repo.namespace}/{repo.name}"), "id": repo.uid})

    async def delete(self, namespace: str, name: str) -> None:
        repo = await self.bucket(Action.ADMIN, namespace, name)
        await self.run(self.hub.repositories.delete, self.actor, repo)
        self.reply({})

    def _url(self, name: str) -> str:
        return f"{self.endpoint}/buckets/{name}"


class BucketListHandler(_BucketHandler):
    """The buckets of a person or organization that the caller may see."""

    async def get(self, namespace: str) -> None:
        limit, offset = page_limit(self, _LARGEST_PAGE), self.whole_number("skip", 0)
        search = self.get_query_argument("search", "")
        found = await self.run(
            self.hub.buckets.page, self.actor, self.owner(namespace), search, limit, offset
        )
        following = {"limit": limit, "skip": offset + limit, "search": search}
        items = [self.describe(summary) for summary in found[:limit]]
        self.reply_page(items, following if len(found) > limit else None)


class BucketSettingsHandler(_BucketHandler):
    """Changes who may see a bucket."""

    async def put(self, namespace: str, name: str) -> None:
        repo = await self.bucket(Action.ADMIN, namespace, name)
        body = self.json_body()
        refuse_unbuilt(body, _SETTINGS)
        private = private_of(body, RepoType.BUCKET)
        if private is None:
            raise InvalidRequestError("private: send true or false.")
        await self.run(self.hub.repositories.change, self.actor, repo, private=private)
        self.reply({"private": private, "visibility": "private" if private else "public"})


class BucketTreeHandler(_BucketHandler):
    """Files and folders whose path begins with a prefix; nothing there is an empty list."""

    async def get(self, namespace: str, name: str, path: str | None = None) -> None:
        repo = await self.bucket(Action.READ, namespace, name)
        prefix, start = path or "", self.get_query_argument("cursor", "", strip=False)
        recursive, limit = self.query_flag("recursive"), page_limit(self, _LARGEST_PAGE)

        def page() -> TreePage:
            return self.hub.bucket_files.tree(
                repo, prefix, recursive=recursive, limit=limit, start=start
            )

        found = await self.run(page)
        following = None
        if found.following is not None:
            flag = str(recursive).lower()
            following = {"recursive": flag, "limit": limit, "cursor": found.following}
        self.reply_page([_entry(entry) for entry in found.entries], following)


class BucketPathsHandler(_BucketHandler):
    """Those of the named paths that are files."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.bucket(Action.READ, namespace, name)
        paths = self.json_body().get("paths")
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise InvalidRequestError("paths: must be a list of texts.")
        if len(paths) > _MOST_PATHS:
            raise InvalidRequestError(f"paths: at most {_MOST_PATHS} at a time.")
        rows = await self.run(self.hub.bucket_files.files, repo, paths)
        self.reply([_entry(row) for row in rows])


class BucketBatchHandler(_BucketHandler):
    """Adds, copies and deletes files; what could not be done is listed with the reason."""

    async def post(self, namespace: str, name: str) -> None:
        repo = await self.bucket(Action.WRITE, namespace, name)
        result = await self.run(self._apply, repo)
        failed = [{"path": path, "error": reason} for path, reason in result.failed]
        status = 422 if failed and not result.done else 200
        body: dict[str, Any] = {"success": not failed, "failed": failed}
        self.reply(body | ({"error": "No change could be made."} if status == 422 else {}), status)

    def _apply(self, repo: Repo) -> BatchResult:
        changes = list(read_changes(self.request.body))
        return self.hub.bucket_batches.apply(self.actor, repo, changes)


class BucketFileHandler(FileHandler):
    """The content of one file of a bucket."""

    async def head(self, namespace: str, name: str, path: str) -> None:
        await self._answer(namespace, name, path)

    async def get(self, namespace: str, name: str, path: str) -> None:
        await self._answer(namespace, name, path)

    async def _answer(self, namespace: str, name: str, path: str) -> None:
        repo = await self.repo(Action.CONTENT, "buckets", namespace, name)
        row, content = await self.run(self.hub.bucket_files.content, repo, path)
        bucket = f"{self.endpoint}/api/buckets/{repo.namespace}/{repo.name}"
        self.offer_xet(row.xet_hash, f"{bucket}/xet-read-token")
        await self.send_file(row.path, row.sha256, content)


class BucketTokenHandler(StoreTokenHandler):
    """A token for the files of a bucket."""

    async def get(self, namespace: str, name: str, scope: str) -> None:
        action = Action.WRITE if scope == "write" else Action.CONTENT
        self.give_token(action, await self.repo(action, "buckets", namespace, name))


class BucketEventsHandler(_BucketHandler):
    """Changes as they happen, which clients do without."""

    async def get(self, namespace: str, name: str) -> None:
        await self.bucket(Action.READ, namespace, name)
        raise NotSupportedError("events: this hub does not tell changes of buckets; list anew.")


def _entry(entry: BucketFile | BucketFolder) -> dict[str, Any]:
    if isinstance(entry, BucketFolder):
        return {"type": "directory", "path": entry.path}
    return {
        "type": "file",
        "path": entry.path,
        "size": entry.size,
        "xetHash": entry.xet_hash,
        "mtime": timestamp(entry.mtime),
        "uploadedAt": timestamp(entry.uploaded_at),
    }


_BUCKET = rf"/api/buckets/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"/api/buckets/{NAMESPACE}", BucketListHandler),
    Route(_BUCKET, BucketHandler),
    Route(rf"{_BUCKET}/settings", BucketSettingsHandler),
    Route(rf"{_BUCKET}/tree(?:/(?P<path>.*))?", BucketTreeHandler),
    Route(rf"{_BUCKET}/paths-info", BucketPathsHandler),
    Route(rf"{_BUCKET}/batch", BucketBatchHandler),
    Route(rf"{_BUCKET}/events", BucketEventsHandler),
    Route(rf"{_BUCKET}/xet-(?P<scope>read|write)-token", BucketTokenHandler),
    Route(rf"/buckets/{NAMESPACE}/{NAME}/resolve/{PATH}", BucketFileHandler),
)
