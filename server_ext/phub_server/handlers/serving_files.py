"""The files of a model for replicas on a cluster, opened by a pass of whoever calls the model."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import AuthenticationError
from phub_jupyter.hub.access import ANONYMOUS, Actor
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.git_repository import Entry
from phub_jupyter.hub.serving.serve_gateway import PURPOSE
from phub_server.files import FileHandler
from phub_server.handlers.resolve import find_content
from phub_server.routing import PATH, REVISION, Route

__all__ = ["ROUTES"]


class ServingFileHandler(FileHandler):
    """A file at a commit. The pass says of which repository, and is asked anew every time."""

    async def identify(self) -> Actor:
        """Leave it to `open_pass`: the pass is no credential of the hub."""
        return ANONYMOUS

    async def open_pass(self) -> Repo:
        """The repository that the request's pass is for. Raises as `Passes.open` does."""
        scheme, _, ticket = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationError("Send the pass that came with the call as Bearer.")
        right = await self.run(self.hub.passes.open, PURPOSE, ticket.strip())
        return right.repo

    async def get(self, revision: str, path: str) -> None:
        """The content of one file."""
        repo = await self.open_pass()
        git = await self.run(self.hub.repositories.open, repo)
        commit = await self.run(git.resolve, revision)
        entry, content = await self.run(find_content, self.hub, repo, git, commit, path)
        await self.send_file(entry.path, entry.oid, content)


class ServingListHandler(ServingFileHandler):
    """What a commit consists of."""

    async def get(self, revision: str) -> None:  # type: ignore[override]  # tornado fills it in
        """All files with their sizes, and the hashes of the large ones."""
        repo = await self.open_pass()
        git = await self.run(self.hub.repositories.open, repo)
        commit = await self.run(git.resolve, revision)
        entries = await self.run(lambda: list(git.tree(commit, recursive=True)))
        self.reply({"files": [_json(entry) for entry in entries if entry.kind == "file"]})


def _json(entry: Entry) -> dict[str, Any]:
    if entry.lfs is None:
        return {"path": entry.path, "size": entry.size, "sha256": None}
    return {"path": entry.path, "size": entry.lfs.size, "sha256": entry.lfs.sha256}


ROUTES: tuple[Route, ...] = (
    Route(rf"/api/phub/serving/{REVISION}", ServingListHandler),
    Route(rf"/api/phub/serving/{REVISION}/{PATH}", ServingFileHandler),
)
