"""The life of a repository over HTTP: create, move, duplicate, delete."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from phub_jupyter.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    MovedError,
    RepoNotFoundError,
)
from phub_jupyter.hub.access import Action, require_own
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.environment import SpaceEnvironment
from phub_jupyter.identifiers import RepoId, RepoType
from phub_server.base import HubHandler
from phub_server.repo_bodies import (
    group_of,
    private_of,
    protected_of,
    refuse_unbuilt,
    space_environment,
)
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route

__all__ = ["ROUTES"]

_SDK = re.compile(r"[a-z0-9-]{1,32}")
_VISIBILITY = frozenset({"visibility", "private", "resourceGroupId"})
_OF_SPACES = frozenset({"secrets", "variables", "hardware", "sleepTimeSeconds"})
_CREATE = frozenset({"name", "organization", "type", "sdk"}) | _VISIBILITY | _OF_SPACES
_DUPLICATE = frozenset({"repository"}) | _VISIBILITY | _OF_SPACES


class _NamedInBody(HubHandler):
    """Reads repositories' names from a body; the owner defaults to the caller."""

    def named(self, body: dict[str, Any]) -> tuple[RepoType, RepoId]:
        name = body.get("name")
        if not isinstance(name, str):
            raise InvalidRequestError("name: send the name of the repository.")
        owner = body.get("organization") or self.actor.name
        full = name if "/" in name else f"{owner or 'anonymous'}/{name}"
        return self.type_of(body), RepoId.parse(full)

    def type_of(self, body: dict[str, Any]) -> RepoType:
        return RepoType.parse(body.get("type"))

    async def find(self, action: Action, repo_type: RepoType, repo_id: RepoId) -> Repo:
        """The repository that a body names by its present name."""
        find = self.hub.repositories.find
        try:
            return await self.run(find, self.actor, action, repo_type, str(repo_id))
        except MovedError as error:  # whoever changes a repository should know what it is
            raise RepoNotFoundError(error.message) from None

    def require_login(self) -> None:
        if self.actor.is_anonymous:
            raise AuthenticationError("Log in: this needs a token with write access.")

    def place(self, repo_type: RepoType, name: str) -> dict[str, str]:
        return {"url": self.web_address(repo_type, name), "name": name}

    async def make(
        self, repo_type: RepoType, make: Callable[..., Repo], *args: Any, **kwargs: Any
    ) -> Repo:
        """Make a repository; what is taken is refused with its address, as clients want it."""
        try:
            return await self.run(make, self.actor, *args, **kwargs)
        except ConflictError as error:
            taken = error.extra["name"]  # as its owner spelled it
            raise ConflictError(error.message, **self.place(repo_type, taken)) from None

    def giving(self, given: SpaceEnvironment) -> Callable[[Repo], None] | None:
        """What keeps the environment of a new Space, if there is something to keep."""
        if given == SpaceEnvironment():
            return None
        return lambda repo: self.hub.spaces.environments.write(repo.uid, given)


class CreateHandler(_NamedInBody):
    """Makes a repository with its first commit; 409 with its address if it exists."""

    async def post(self) -> None:
        self.require_login()
        body = self.json_body()
        repo_type, repo_id = self.named(body)
        sdk = body.get("sdk")
        if sdk is not None and (not isinstance(sdk, str) or not _SDK.fullmatch(sdk)):
            raise InvalidRequestError("sdk: send a short word, for example voila.")
        refuse_unbuilt(body, _CREATE)
        if repo_type is RepoType.BUCKET:
            raise InvalidRequestError("type: create a bucket with POST /api/buckets/{id}.")
        repo = await self.make(
            repo_type,
            self.hub.repositories.create,
            repo_type,
            repo_id,
            private=private_of(body, repo_type) or False,
            protected=protected_of(body),
            sdk=sdk,
            resource_group=group_of(body),
            prepare=self.giving(space_environment(body, repo_type, SpaceEnvironment())),
        )
        self.reply({**self.place(repo_type, f"{repo.namespace}/{repo.name}"), "id": repo.uid})


class DuplicateHandler(_NamedInBody):
    """Copies a repository, with the variables of a Space and without its secrets."""

    async def post(self, plural: str, namespace: str, name: str) -> None:
        source = await self.repo(Action.CONTENT, plural, namespace, name)
        require_own(self.actor)
        body = self.json_body()
        target = body.get("repository")
        if not isinstance(target, str):
            raise InvalidRequestError("repository: send the new name, as namespace/name.")
        refuse_unbuilt(body, _DUPLICATE)
        repo_type = RepoType(source.type)
        had = await self.run(self.hub.spaces.environments.read, source.uid)
        shared = SpaceEnvironment(variables=had.variables, sleep_seconds=had.sleep_seconds)
        repo = await self.make(
            repo_type,
            self.hub.duplicates.duplicate,
            source,
            RepoId.parse(target),
            private=private_of(body, repo_type),
            protected=protected_of(body),
            resource_group=group_of(body),
            prepare=self.giving(space_environment(body, repo_type, shared)),
        )
        self.reply({**self.place(repo_type, f"{repo.namespace}/{repo.name}"), "id": repo.uid})


class MoveHandler(_NamedInBody):
    """Gives a repository another name or owner."""

    async def post(self) -> None:
        self.require_login()
        body = self.json_body()
        names = [body.get(key) for key in ("fromRepo", "toRepo")]
        if not all(isinstance(name, str) for name in names):
            raise InvalidRequestError("fromRepo, toRepo: send both names, as namespace/name.")
        former, target = (RepoId.parse(str(name)) for name in names)
        repo_type = self.type_of(body)
        repo = await self.find(Action.ADMIN, repo_type, former)
        moved = await self.make(repo_type, self.hub.moves.move, repo, target)
        self.reply({**self.place(repo_type, f"{moved.namespace}/{moved.name}"), "id": moved.uid})


class DeleteHandler(_NamedInBody):
    """Removes a repository for good."""

    async def delete(self) -> None:
        repo_type, repo_id = self.named(self.json_body())
        repo = await self.find(Action.ADMIN, repo_type, repo_id)
        await self.run(self.hub.repositories.delete, self.actor, repo)
        self.reply({})


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(r"/api/repos/create", CreateHandler),
    Route(r"/api/repos/move", MoveHandler),
    Route(r"/api/repos/delete", DeleteHandler),
    Route(rf"{_REPO}/duplicate", DuplicateHandler),
)
