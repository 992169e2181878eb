"""The life of a repository: create, find, change, delete.

A repository exists for others from the moment its row does: its folder is made complete first and
removed last, so a crash leaves at most a folder that nobody can see, which the next start removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from phub_jupyter.errors import (
    ConflictError,
    HubError,
    InvalidRequestError,
    MovedError,
    RepoNotFoundError,
)
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require
from phub_jupyter.hub.accounts import new_uid
from phub_jupyter.hub.apps.created import remember_creation
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import FormerName, RemovedRepo, Repo
from phub_jupyter.hub.events import Event, Events
from phub_jupyter.hub.repos.commits import initial_commit
from phub_jupyter.hub.repos.destinations import Destination, repo_key, taken
from phub_jupyter.hub.repos.folders import RepoFolders, folder_of
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.gitattributes import default_gitattributes
from phub_jupyter.identifiers import RepoId, RepoType

if TYPE_CHECKING:
    from phub_jupyter.hub.catalog.index import CatalogIndex

__all__ = ["Repositories", "folder_of", "new_row", "repo_key"]

_GATES = ("auto", "manual")


def new_row(actor: Actor, place: Destination, **columns: Any) -> Repo:
    """The row of a repository that ``actor`` makes at ``place``."""
    assert actor.pk is not None
    return Repo(
        uid=new_uid(),
        key=place.key,
        type=place.type.value,
        namespace_pk=place.owner.pk,
        namespace=place.owner.name,
        name=place.name,
        resource_group_pk=place.group_pk,
        created_by=actor.pk,
        card_data={},
        config={},
        **columns,
    )


class Repositories:
    """The rows and folders of all repositories; every look-up passes the access rule."""

    def __init__(
        self, database: Database, folder: Path, index: CatalogIndex, events: Events
    ) -> None:
        self._database = database
        self.folders = RepoFolders(folder)
        self._index = index
        self._events = events

    def create(
        self,
        actor: Actor,
        repo_type: RepoType,
        repo_id: RepoId,
        *,
        private: bool,
        protected: bool = False,
        sdk: str | None = None,
        resource_group: str | None = None,
        prepare: Callable[[Repo], None] | None = None,
    ) -> Repo:
        """Make a repository with one commit that holds ``.gitattributes``.

        ``protected`` leaves the app of a private Space open to everybody. ``prepare`` is called
        with the new row before anybody can see it.

        Raises ConflictError if the name is taken, ForbiddenError if the namespace is not theirs,
        InvalidRequestError if it or the resource group does not exist.
        """
        with self._database.read() as session:
            place = Destination.find(session, actor, repo_type, repo_id, resource_group)
        repo = new_row(actor, place, private=private, protected=protected, sdk=sdk)
        attributes = default_gitattributes(repo_type).encode()

        def fill(path: Path) -> None:
            initial_commit(GitRepository.init(path), actor, {".gitattributes": attributes})

        self.folders.make(repo.uid, fill)
        self.add(actor, repo, place, prepare)
        return repo

    def add(
        self,
        actor: Actor,
        repo: Repo,
        place: Destination,
        prepare: Callable[[Repo], None] | None = None,
        also: Callable[[Session], None] | None = None,
    ) -> None:
        """Make a complete repository known; ``also`` writes what must be there with its row.

        Raises ConflictError if another one took the name meanwhile.
        """
        try:
            if prepare is not None:
                prepare(repo)
        except (HubError, OSError):
            self.folders.remove(repo.uid)
            raise
        try:
            with self._database.write() as session:
                place.refuse_taken(session)
                place.occupy(session)
                session.add(repo)
                remember_creation(session, actor, repo)
                if also is not None:
                    also(session)
        except (IntegrityError, ConflictError):
            self.folders.remove(repo.uid)
            raise taken(f"{place.owner.name}/{place.name}") from None
        self._index.refresh(repo.pk)
        self._events.publish(Event("create", "repo", repo, actor))

    def find(self, actor: Actor, action: Action, repo_type: RepoType, repo_id: str) -> Repo:
        """The repository of that id, in any spelling of its case, if the actor may do ``action``.

        Raises RepoNotFoundError for ids that are invalid, missing or hidden alike, and MovedError
        for a name that a repository had which the actor may see.
        """
        try:
            key = repo_key(repo_type, RepoId.parse(repo_id))
        except InvalidRequestError:
            return require(actor, action, None)
        with self._database.read() as session:
            repo = session.scalar(select(Repo).where(Repo.key == key))
            if repo is None:
                moved = select(Repo).join(FormerName).where(FormerName.key == key)
                present = session.scalar(moved)
                if present is not None and _may_find(actor, action, present):
                    raise MovedError(f"{present.namespace}/{present.name}", repo_id)
        return require(actor, action, repo)

    def by_uid(self, uid: str) -> Repo:
        """The repository of that immutable id; callers check access. Raises RepoNotFoundError."""
        with self._database.read() as session:
            repo = session.scalar(select(Repo).where(Repo.uid == uid))
        if repo is None:
            raise RepoNotFoundError("Repository not found, or you have no access to it.")
        return repo

    def change(
        self,
        actor: Actor,
        repo: Repo,
        *,
        private: bool | None = None,
        protected: bool = False,
        gated: Any = None,
    ) -> Repo:
        """Change who may see the repository and read its files, and return it as it is then.

        ``gated`` is auto, manual or False; None leaves a setting alone. ``protected`` goes with
        ``private``. Raises InvalidRequestError.
        """
        require(actor, Action.ADMIN, repo)
        columns: dict[str, Any] = {}
        if private is not None:
            columns = {"private": private, "protected": protected}
        if gated is not None:
            columns["gated"] = _gate(repo, gated)
        if not columns:
            return repo
        with self._database.write() as session:
            session.execute(update(Repo).where(Repo.pk == repo.pk).values(**columns))
        changed = self.by_uid(repo.uid)
        self._events.publish(Event("update", "repo.config", changed, actor))
        return changed

    def delete(self, actor: Actor, repo: Repo) -> None:
        """Remove a repository for good; its row goes first, so nobody sees half of it."""
        require(actor, Action.ADMIN, repo)
        with self._database.write() as session:
            self._index.forget(session, repo.pk)
            gone = session.execute(delete(Repo).where(Repo.pk == repo.pk).returning(Repo.pk))
            if gone.first() is None:  # somebody else was quicker
                raise RepoNotFoundError("Repository not found, or you have no access to it.")
            session.add(RemovedRepo(uid=repo.uid))
        self.folders.remove(repo.uid)
        self._events.publish(Event("delete", "repo", repo, actor))

    def open(self, repo: Repo) -> GitRepository:
        """The git repository of a row, for the thread that asks."""
        return GitRepository(self.path(repo))

    def path(self, repo: Repo) -> Path:
        """The bare repository's folder."""
        return self.folders.path(repo.uid)

    def all(self) -> Iterator[Repo]:
        """Every repository of the hub, in order of creation; buckets have no history."""
        rows = select(Repo).where(Repo.type != RepoType.BUCKET.value)
        with self._database.read() as session:
            yield from session.scalars(rows.order_by(Repo.pk))

    def strays(self) -> Iterator[Path]:
        """Repositories with a history that no row names; a backup of the database may know them."""
        return (path for path in self._unknown() if self.folders.has_history(path))

    def remove_leftovers(self) -> None:
        """Remove what a creation or deletion left when its process was killed."""
        with self._database.read() as session:
            removed = list(session.scalars(select(RemovedRepo.uid)))
        for uid in removed:
            self.folders.remove(uid)
        if removed:
            with self._database.write() as session:
                for uid in removed:
                    session.execute(delete(RemovedRepo).where(RemovedRepo.uid == uid))
        for path in self._unknown():
            self.folders.remove_leftover(path)

    def _unknown(self) -> Iterator[Path]:
        paths = self.folders.all()
        with self._database.read() as session:
            known = {f"{uid}.git" for uid in session.scalars(select(Repo.uid))}
        return (path for path in paths if path.name not in known)


def _may_find(actor: Actor, action: Action, repo: Repo) -> bool:
    return decide(actor, min(action, Action.READ), repo) is not Verdict.HIDE


def _gate(repo: Repo, gated: Any) -> str | None:
    if repo.type not in (RepoType.MODEL, RepoType.DATASET):
        raise InvalidRequestError(f"gated: a {repo.type} cannot be gated; make it private.")
    if gated is False:
        return None
    if gated not in _GATES:
        raise InvalidRequestError("gated: send auto, manual or false.")
    return str(gated)
