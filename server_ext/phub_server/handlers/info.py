"""What is known about one repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.repos.folders import main_stamp
from phub_jupyter.hub.repos.git_repository import MAIN, GitRepository
from phub_jupyter.hub.repos.relations import Surroundings
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.descriptions import Facts, describe, expand_keys
from phub_server.known_answers import KnownAnswer
from phub_server.result_bodies import result_body
from phub_server.routing import NAME, NAMESPACE, PLURAL, REVISION, Route

__all__ = ["ROUTES"]

_NEWEST = (None, "main", MAIN)
_SCANS = {"scansDone": False, "filesWithIssues": []}
"""Nothing in this hub scans files, and it says so."""


class InfoHandler(HubHandler):
    """One repository, at its branch ``main`` or at another revision.

    Clients ask this more often than anything else, so an answer is sent again as long as neither
    the database nor the branch changed; who asks, and with which credentials, is part of the key.
    """

    async def get(
        self, plural: str, namespace: str, name: str, revision: str | None = None
    ) -> None:
        grant = self.actor.grant
        person = (self.actor.pk, self.actor.sees_public, grant and grant.pk)
        key = (person, plural, namespace, name, revision, self.request.query)
        answers = self.context.answers
        known = answers.get(key)
        if known is not None and main_stamp(known.path) == known.stamp:
            self._send(known.body)
            return
        version = answers.now()
        repo = await self.repo(Action.READ, plural, namespace, name)
        keys = self.get_query_arguments("expand") + self.get_query_arguments("expand[]")
        wanted = expand_keys(RepoType(repo.type), keys) if keys else None
        answer = await self.run(self._answer, repo, revision, wanted)
        if revision in _NEWEST and repo.type != RepoType.SPACE:  # whose stage is in no database
            answers.put(key, answer, version)
        self._send(answer.body)

    def _send(self, body: bytes) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(body)

    def _answer(
        self, repo: Repo, revision: str | None, wanted: frozenset[str] | None
    ) -> KnownAnswer:
        path = self.hub.repositories.path(repo)
        stamp = main_stamp(path)
        body = describe(repo, self._facts(repo, revision or "main", wanted), wanted)
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return KnownAnswer(text.encode(), path, stamp)

    def _facts(self, repo: Repo, revision: str, wanted: frozenset[str] | None) -> Facts:
        git = self.hub.repositories.open(repo)
        commit = git.resolve(revision)
        around = self.hub.relations.of(self.actor, repo)
        if commit == repo.head and not self.query_flag("blobs"):
            siblings = [{"rfilename": path} for path in around.files]
        else:
            siblings = list(_siblings(git, commit, self.query_flag("blobs")))
        stage = self.hub.spaces.state(repo).stage if repo.type == RepoType.SPACE else None
        hardware = None
        if stage is not None:
            given = self.hub.spaces.environments.read(repo.uid)
            hardware = self.hub.spaces.hardware_of(repo, given)
        extra = self._extra(repo, around, wanted)
        return Facts(around.tags, commit, siblings, stage, hardware, extra)

    def _extra(
        self, repo: Repo, around: Surroundings, wanted: frozenset[str] | None
    ) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        if self.actor.pk is not None:
            extra["liked"] = around.liked
        if around.group is not None and self.actor.pk is not None:
            extra["resourceGroup"] = {"id": around.group[0], "name": around.group[1]}
        if repo.type == RepoType.MODEL:
            extra["spaces"] = self.hub.search.spaces_of(self.actor, repo)
            extra["childrenModelCount"] = around.children
            if wanted is not None and "evalResults" in wanted:
                rows = self.hub.eval_results.of_models([repo.pk])[repo.pk]
                extra["evalResults"] = [result_body(row) for row in rows]
            if self.query_flag("securityStatus"):
                extra["securityRepoStatus"] = _SCANS
        return extra


def _siblings(git: GitRepository, commit: str, blobs: bool) -> Iterator[dict[str, Any]]:
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
        yield item


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (Route(rf"{_REPO}(?:/revision/{REVISION})?", InfoHandler),)
