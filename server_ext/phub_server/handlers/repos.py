"""The life of a repository over HTTP: create, look at, change, delete."""

from __future__ import annotations

import re
from typing import Any

from phub_jupyter.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotSupportedError,
)
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.identifiers import RepoId, RepoType
from phub_server.base import HubHandler
from phub_server.descriptions import Facts, describe, expand_keys
from phub_server.routing import NAME, NAMESPACE, PLURAL, REVISION, Route

__all__ = ["ROUTES"]

_SDK = re.compile(r"[a-z0-9-]{1,32}")
_CREATE = frozenset({"name", "organization", "type", "visibility", "private", "sdk"})
_SETTINGS = frozenset({"visibility", "private"})


class _NamedInBody(HubHandler):
    """Reads type, owner and name from a body; the owner defaults to the caller."""

    def named(self, body: dict[str, Any]) -> tuple[RepoType, RepoId]:
        name = body.get("name")
        if not isinstance(name, str):
            raise InvalidRequestError("name: send the name of the repository.")
        owner = body.get("organization") or self.actor.name
        full = name if "/" in name else f"{owner or 'anonymous'}/{name}"
        return RepoType.parse(body.get("type")), RepoId.parse(full)


class CreateHandler(_NamedInBody):
    """Makes a repository with its first commit; 409 with its address if it exists."""

    async def post(self) -> None:
        if self.actor.is_anonymous:
            raise AuthenticationError("Log in to create a repository.")
        body = self.json_body()
        repo_type, repo_id = self.named(body)
        sdk = body.get("sdk")
        if sdk is not None and (not isinstance(sdk, str) or not _SDK.fullmatch(sdk)):
            raise InvalidRequestError("sdk: send a short word, for example voila.")
        _refuse_unbuilt(body, _CREATE)
        try:
            repo = await self.run(
                self.hub.repositories.create,
                self.actor,
                repo_type,
                repo_id,
                private=private_of(body) or False,
                sdk=sdk,
            )
        except ConflictError as error:
            taken = error.extra["name"]  # as its owner spelled it
            raise ConflictError(error.message, **self._place(repo_type, taken)) from None
        place = self._place(repo_type, f"{repo.namespace}/{repo.name}")
        self.reply({**place, "id": repo.uid})

    def _place(self, repo_type: RepoType, name: str) -> dict[str, str]:
        return {"url": f"{self.endpoint}/{repo_type.url_prefix}{name}", "name": name}


class DeleteHandler(_NamedInBody):
    """Removes a repository for good."""

    async def delete(self) -> None:
        repo_type, repo_id = self.named(self.json_body())
        repo = await self.run(
            self.hub.repositories.find, self.actor, Action.ADMIN, repo_type, str(repo_id)
        )
        await self.run(self.hub.repositories.delete, self.actor, repo)
        self.reply({})


class SettingsHandler(HubHandler):
    """Changes who may see a repository."""

    async def put(self, plural: str, namespace: str, name: str) -> None:
        repo = await self.repo(Action.ADMIN, plural, namespace, name)
        body = self.json_body()
        _refuse_unbuilt(body, _SETTINGS)
        private = private_of(body)
        if private is None and "gated" not in body:
            raise InvalidRequestError("visibility: send public or private.")
        if private is None:  # gated: false, which it is anyway
            private = repo.private
        else:
            await self.run(self.hub.repositories.set_private, self.actor, repo, private)
        visibility = "private" if private else "public"
        self.reply({"private": private, "visibility": visibility, "gated": False})


class AuthCheckHandler(HubHandler):
    """Says by its status alone whether the caller may read (or write)."""

    async def get(self, plural: str, namespace: str, name: str, write: str | None = None) -> None:
        await self.repo(Action.WRITE if write else Action.CONTENT, plural, namespace, name)
        self.reply({})


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


def private_of(body: dict[str, Any]) -> bool | None:
    """Whether a body asks for a private repository, in the words of any client generation."""
    visibility, private = body.get("visibility"), body.get("private")
    if visibility == "protected":
        raise NotSupportedError("visibility: protected is not built yet; use public or private.")
    if visibility is not None:
        if visibility not in ("public", "private"):
            raise InvalidRequestError(f"visibility: '{visibility}' is not public or private.")
        return bool(visibility == "private")
    if private is not None and not isinstance(private, bool):
        raise InvalidRequestError("private: send true or false.")
    return private


def _refuse_unbuilt(body: dict[str, Any], built: frozenset[str]) -> None:
    """Refuse what a body asks for beyond ``built``; asking for nothing (null, false) is fine."""
    for key, value in body.items():
        if key not in built and value:
            raise NotSupportedError(f"{key}: not built yet in this hub; nothing was changed.")


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(r"/api/repos/create", CreateHandler),
    Route(r"/api/repos/delete", DeleteHandler),
    Route(rf"{_REPO}/settings", SettingsHandler),
    Route(rf"{_REPO}/auth-check(?:/(?P<write>write))?", AuthCheckHandler),
    Route(rf"{_REPO}(?:/revision/{REVISION})?", InfoHandler),
)
