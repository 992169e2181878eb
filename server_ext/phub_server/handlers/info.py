"""What is known about one repository."""

from __future__ import annotations

from typing import Any

from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.descriptions import Facts, describe, expand_keys
from phub_server.routing import NAME, NAMESPACE, PLURAL, REVISION, Route

__all__ = ["ROUTES"]


class InfoHandler(HubHandler):
    """One repository, at its branch ``main`` or at another revision."""

    async def get(
        self, plural: str, namespace: str, name: str, revision: str | None = None
    ) -> None:
        repo = await self.repo(Action.READ, plural, namespace, name)
        keys = self.get_query_arguments("expand") + self.get_query_arguments("expand[]")
        wanted = expand_keys(RepoType(repo.type), keys) if keys else None
        blobs = self.query_flag("blobs")
        facts = await self.run(self._facts, repo, revision or "main", blobs)
        self.reply(describe(repo, facts, wanted))

    def _facts(self, repo: Repo, revision: str, blobs: bool) -> Facts:
        git = self.hub.repositories.open(repo)
        commit = git.resolve(revision)
        siblings: list[dict[str, Any]] = []
        for entry in git.tree(commit, recursive=True):
            if entry.kind != "file":
                continue
            item: dict[str, Any] = {"rfilename": entry.path}
            if blobs:
                item |= {"size": entry.size, "blobId": entry.oid}
                if entry.lfs is not None:
                    item["lfs"] = {
                        "sha256": entry.lfs.sha256,
                        "size": entry.lfs.size,
                        "pointerSize": len(entry.lfs.text),
                    }
            siblings.append(item)
        stage = self.hub.spaces.state(repo).stage if repo.type == RepoType.SPACE else None
        tags = self.hub.search.tags([repo.pk])[repo.pk]
        extra: dict[str, Any] = {}
        if self.actor.pk is not None:
            extra["liked"] = self.hub.likes.of(repo.pk, self.actor.pk)
        if repo.type == RepoType.MODEL:
            extra["spaces"] = self.hub.search.spaces_of(self.actor, repo)
        return Facts(tags=tags, sha=commit, siblings=siblings, stage=stage, extra=extra)


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (Route(rf"{_REPO}(?:/revision/{REVISION})?", InfoHandler),)
