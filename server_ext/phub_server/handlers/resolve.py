"""The content of files: whole or in ranges, always from the hub itself."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import EntryNotFoundError, StorageError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.hub import Hub
from phub_jupyter.hub.objects.large_files import LargeFile
from phub_jupyter.hub.repos.git_repository import Entry, GitRepository
from phub_jupyter.identifiers import RepoType
from phub_server.files import FileHandler
from phub_server.routing import NAME, NAMESPACE, PATH, PLURAL, REVISION, WEB_PREFIX, Route

__all__ = ["ROUTES", "find_content"]

_COUNTED = {RepoType.MODEL: "config.json"}
"""The file whose transfer to a client library counts as a download; else ``README.md``."""


class ResolveHandler(FileHandler):
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
        self._set_commit()
        entry, content = await self.run(
            find_content, self.hub, repo, git, self._commit, path, self._raw
        )
        if isinstance(content, LargeFile) and content.offered_hash is not None:
            token = f"{self._api(repo)}/xet-read-token/{self._commit}"
            self.offer_xet(content.offered_hash, token)
        etag = entry.oid if isinstance(content, bytes) else content.sha256
        if await self.send_file(entry.path, etag, content):
            counts = _COUNTED.get(RepoType(repo.type), "README.md") == path
            self._counted = repo if counts else None

    def _api(self, repo: Repo) -> str:
        return f"{self.endpoint}/api/{RepoType(repo.type).plural}/{repo.namespace}/{repo.name}"

    def _set_commit(self) -> None:
        self.set_header("X-Repo-Commit", self._commit)

    def on_finish(self) -> None:
        """Count the download, for which nobody waits and which harms nobody if it fails."""
        if self._counted is not None:
            self.hub.downloads.count(self._counted.pk)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say the commit also when the file is missing: clients remember that it was."""
        if self._commit:
            self._set_commit()
        super().write_error(status_code, **kwargs)


def find_content(
    hub: Hub, repo: Repo, git: GitRepository, commit: str, path: str, raw: bool = False
) -> tuple[Entry, bytes | LargeFile]:
    """A file of a commit; ``raw`` finds what git holds. Raises EntryNotFoundError."""
    entry = git.entry(commit, path)
    if entry.kind != "file":
        raise EntryNotFoundError(f"Entry not found: {path} is a folder")
    if entry.lfs is None or raw:
        return entry, git.read_blob(entry.oid)
    large = hub.large_files.find(repo.pk, [entry.lfs.sha256]).get(entry.lfs.sha256)
    if large is None:
        if hub.lfs_removal.erased(repo.pk, [entry.lfs.sha256]):
            raise EntryNotFoundError(f"Entry not found: the content of {path} was removed.")
        raise StorageError(
            f"{path}: its content (SHA-256 {entry.lfs.sha256}) was never uploaded to this "
            "repository; upload the file again."
        )
    return entry, large


_PLACE = rf"{NAMESPACE}/{NAME}"
_FILE = rf"{REVISION}/{PATH}"

ROUTES: tuple[Route, ...] = (
    Route(rf"/api/{PLURAL}/{_PLACE}/resolve/{_FILE}", ResolveHandler),
    Route(rf"{WEB_PREFIX}{_PLACE}/resolve/{_FILE}", ResolveHandler),
    Route(rf"{WEB_PREFIX}{_PLACE}/raw/{_FILE}", ResolveHandler, {"raw": True}),
)
