"""The content of files: whole or in ranges, always from the hub itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from phub_jupyter.errors import EntryNotFoundError, StorageError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.objects.large_files import LargeFile
from phub_jupyter.hub.objects.ranges import ByteRange
from phub_jupyter.hub.repos.git_repository import Entry, GitRepository
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.content_type import content_type
from phub_server.routing import NAME, NAMESPACE, PATH, PLURAL, REVISION, WEB_PREFIX, Route

__all__ = ["ROUTES"]

_SNIFFED = 8000
_COUNTED = {RepoType.MODEL: "config.json"}
"""The file whose transfer to a client library counts as a download; else ``README.md``."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A file: either the text that git holds, or a large file of the store."""

    entry: Entry
    content: bytes | LargeFile

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else self.content.size

    @property
    def etag(self) -> str:
        return self.entry.oid if isinstance(self.content, bytes) else self.content.sha256


class ResolveHandler(HubHandler):
    """One file at a revision; ``raw`` shows what git holds, which is a pointer for large files."""

    _commit = ""
    _counted: Repo | None = None

    def initialize(self, raw: bool = False) -> None:
        self._raw = raw

    async def head(self, **place: str) -> None:
        await self._answer(**place)

    async def get(self, **place: str) -> None:
        await self._answer(**place)

    async def _answer(
        self, namespace: str, name: str, revision: str, path: str, plural: str | None = None
    ) -> None:
        repo = await self.repo(Action.CONTENT, plural, namespace, name)
        git = await self.run(self.hub.repositories.open, repo)
        self._commit = await self.run(git.resolve, revision)
        found = await self.run(self._find, repo, git, path)
        self._describe(repo, found)
        if self.check_etag_header():
            self.set_status(304)
            return
        part = ByteRange.parse(self.request.headers.get("Range"), found.size)
        start, stop = (0, found.size) if part is None else (part.start, part.stop)
        if part is not None:
            self.set_status(206)
            self.set_header("Content-Range", part.content_range)
        self.set_header("Content-Length", str(stop - start))
        if self.request.method == "GET":
            await self.stream(await self.run(self._read, found, start, stop))
            if self.request.headers.get("X-HF-Download-Counter") == "1":
                counts = _COUNTED.get(RepoType(repo.type), "README.md") == path
                self._counted = repo if counts else None

    def _find(self, repo: Repo, git: GitRepository, path: str) -> _Found:
        entry = git.entry(self._commit, path)
        if entry.kind != "file":
            raise EntryNotFoundError(f"Entry not found: {path} is a folder")
        if entry.lfs is None or self._raw:
            return _Found(entry, git.read_blob(entry.oid))
        large = self.hub.large_files.find(repo.pk, [entry.lfs.sha256]).get(entry.lfs.sha256)
        if large is None:
            if self.hub.lfs_removal.erased(repo.pk, [entry.lfs.sha256]):
                raise EntryNotFoundError(f"Entry not found: the content of {path} was removed.")
            raise StorageError(
                f"{path}: its content (SHA-256 {entry.lfs.sha256}) was never uploaded to this "
                "repository; upload the file again."
            )
        return _Found(entry, large)

    def _read(self, found: _Found, start: int, stop: int) -> Iterator[bytes]:
        if isinstance(found.content, bytes):
            return iter([found.content[start:stop]] if stop > start else [])
        return self.hub.large_files.read(found.content, start, stop)

    def _describe(self, repo: Repo, found: _Found) -> None:
        self._set_commit()
        self.set_header("ETag", f'"{found.etag}"')
        self.set_header("Accept-Ranges", "bytes")
        sample = found.content[:_SNIFFED] if isinstance(found.content, bytes) else None
        self.set_header("Content-Type", content_type(found.entry.path, sample))
        name = found.entry.path.rpartition("/")[2]
        kind = "attachment" if self.query_flag("download") else "inline"
        self.set_header("Content-Disposition", _disposition(kind, name))
        # Whatever a stranger uploaded must not run on the origin of the hub or of Jupyter.
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        if isinstance(found.content, LargeFile):
            self.set_header("X-Linked-Etag", f'"{found.etag}"')
            self.set_header("X-Linked-Size", str(found.size))
            if found.content.xet_hash is not None:
                self._offer_xet(repo, found.content.xet_hash)

    def _offer_xet(self, repo: Repo, xet_hash: str) -> None:
        api = f"{self.endpoint}/api/{RepoType(repo.type).plural}/{repo.namespace}/{repo.name}"
        self.set_header("X-Xet-Hash", xet_hash)
        self.set_header("Link", f'<{api}/xet-read-token/{self._commit}>; rel="xet-auth"')

    def _set_commit(self) -> None:
        self.set_header("X-Repo-Commit", self._commit)

    def compute_etag(self) -> str | None:
        """The file's own tag, not one over the answer, which may be a part or have no body."""
        return self._headers.get("ETag")

    def on_finish(self) -> None:
        """Count the download, for which nobody waits and which harms nobody if it fails."""
        if self._counted is not None:
            count = self.hub.repositories.count_download
            self.context.executor.submit(count, self._counted.pk)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say the commit also when the file is missing: clients remember that it was."""
        if self._commit:
            self._set_commit()
        super().write_error(status_code, **kwargs)


def _disposition(kind: str, name: str) -> str:
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\""


_PLACE = rf"{NAMESPACE}/{NAME}"
_FILE = rf"{REVISION}/{PATH}"

ROUTES: tuple[Route, ...] = (
    Route(rf"/api/{PLURAL}/{_PLACE}/resolve/{_FILE}", ResolveHandler),
    Route(rf"{WEB_PREFIX}{_PLACE}/resolve/{_FILE}", ResolveHandler),
    Route(rf"{WEB_PREFIX}{_PLACE}/raw/{_FILE}", ResolveHandler, {"raw": True}),
)
