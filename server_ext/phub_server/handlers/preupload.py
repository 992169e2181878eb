"""How to upload which file, asked before an upload."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.repos.preupload import Placement, PlannedFile
from phub_server.base import HubHandler
from phub_server.handlers.commits import open_target
from phub_server.routing import NAME, NAMESPACE, PLURAL, REVISION, Route

__all__ = ["ROUTES"]


class PreuploadHandler(HubHandler):
    """Sorts the files of an upload into regular, large, ignored and unchanged ones."""

    async def post(self, plural: str, namespace: str, name: str, revision: str) -> None:
        repo = await open_target(self, revision, plural=plural, namespace=namespace, name=name)
        body = self.json_body()
        items, git_ignore = body.get("files"), body.get("gitIgnore")
        if not isinstance(items, list):
            raise InvalidRequestError("files: send a list of files.")
        if git_ignore is not None and not isinstance(git_ignore, str):
            raise InvalidRequestError("gitIgnore: must be a text.")
        files = [PlannedFile.parse(item) for item in items]
        head, placements = await self.run(
            self.hub.commits.preupload, repo, revision, files, git_ignore
        )
        self.reply({"commitOid": head, "files": [_json(placement) for placement in placements]})


def _json(placement: Placement) -> dict[str, Any]:
    return {
        "path": placement.path,
        "uploadMode": placement.upload_mode,
        "shouldIgnore": placement.should_ignore,
        "oid": placement.oid,
    }


ROUTES: tuple[Route, ...] = (
    Route(rf"/api/{PLURAL}/{NAMESPACE}/{NAME}/preupload/{REVISION}", PreuploadHandler),
)
