"""The large files of a repository as a list; removing them for good; copying them elsewhere."""

from __future__ import annotations

import re
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.repos.lfs_listing import ListedFile
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_HASH = re.compile(r"[0-9a-f]{64}")
_LARGEST_PAGE = 1000
_MOST_DELETIONS = 1000
_MOST_COPIES = 500


class LfsFilesHandler(HubHandler):
    """The large files that take up a repository's space, also those that no commit names."""

    async def get(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        limit = page_limit(self, _LARGEST_PAGE)
        after = self.get_query_argument("cursor", "")
        if after and not _HASH.fullmatch(after):
            raise InvalidRequestError("cursor: not from a link of this hub; start without it.")
        found = await self.run(self.hub.lfs_listing.page, repo, after, limit + 1)
        page = found[:limit]
        following = {"cursor": page[-1].sha256, "limit": limit} if len(found) > limit else None
        self.reply_page([_json(file) for file in page], following)


class LfsFilesBatchHandler(HubHandler):
    """Removes large files for good, if wished from the whole history too."""

    async def post(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.WRITE, plural, namespace, name)
        deletions = self.json_body().get("deletions")
        if not isinstance(deletions, dict):
            raise InvalidRequestError("deletions: send {sha: […], rewriteHistory: true or false}.")
        rewrite = deletions.get("rewriteHistory", False)
        if not isinstance(rewrite, bool):
            raise InvalidRequestError("rewriteHistory: must be true or false.")
        sha256s = _hashes(deletions.get("sha"))
        await self.run(self.hub.lfs_removal.remove, repo, self.actor, sha256s, rewrite)
        self.reply({"success": True})


class LfsFilesDuplicateHandler(HubHandler):
    """Lets another repository have large files of this one, so that a commit there can name them.

    Knowing a hash gives nobody a file: who asks must be able to read this one and write the other.
    """

    async def post(self, plural: str, namespace: str, name: str) -> None:
        source = await self.repo(Action.CONTENT, plural, namespace, name)
        body = self.json_body()
        target = body.get("target")
        if not isinstance(target, dict) or not isinstance(target.get("name"), str):
            raise InvalidRequestError("target: send {type, name} of the repository to copy to.")
        target_type = RepoType.parse(target.get("type"))
        to_namespace, _, to_name = target["name"].partition("/")
        to = await self.repo(Action.WRITE, target_type.plural, to_namespace, to_name)
        failed = await self.run(self.hub.lfs_removal.copy, source, to, _copies(body.get("files")))
        self.reply({"failed": [{"sha256": key, "error": why} for key, why in failed.items()]})


def _json(file: ListedFile) -> dict[str, Any]:
    item = {
        "fileOid": file.sha256,
        "filename": file.path,
        "oid": file.sha256,
        "pushedAt": timestamp(file.pushed_at),
        "size": file.size,
    }
    return item if file.ref is None else {**item, "ref": file.ref}


def _hashes(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > _MOST_DELETIONS:
        raise InvalidRequestError(f"sha: send a list of at most {_MOST_DELETIONS} file ids.")
    return [_hash("sha", item) for item in value]


def _copies(value: Any) -> list[tuple[str, str | None]]:
    if not isinstance(value, list) or len(value) > _MOST_COPIES:
        raise InvalidRequestError(f"files: send a list of at most {_MOST_COPIES} files.")
    return [_copy(item if isinstance(item, dict) else {}) for item in value]


def _copy(item: dict[str, Any]) -> tuple[str, str | None]:
    xet_hash = item.get("xetHash")
    return (
        _hash("sha256", item.get("sha256")),
        None if xet_hash is None else _hash("xetHash", xet_hash),
    )


def _hash(field: str, value: Any) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise InvalidRequestError(f"{field}: must be 64 lower-case hex digits.")
    return value


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/lfs-files", LfsFilesHandler),
    Route(rf"{_REPO}/lfs-files/batch", LfsFilesBatchHandler),
    Route(rf"{_REPO}/lfs-files/duplicate", LfsFilesDuplicateHandler),
)
