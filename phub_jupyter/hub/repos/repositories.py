"""The life of a repository: create, find, change, delete.

A repository exists for others from the moment its row does: its folder is made complete first and
removed last, so a crash leaves at most a folder that nobody can see, which the next start removes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from phub_jupyter.errors import ConflictError, HubError, InvalidRequestError, RepoNotFoundError
from phub_jupyter.hub.access import Action, Actor, require, require_namespace
from phub_jupyter.hub.accounts import new_uid
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Namespace, Repo, utc_now
from phub_jupyter.hub.repos.commits import initial_commit
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.gitattributes import default_gitattributes
from phub_jupyter.identifiers import RepoId, RepoType

if TYPE_CHECKING:
    from phub_jupyter.hub.catalog.index import CatalogIndex

__all__ = ["Repositories", "folder_of", "repo_key"]


_LEFT_AFTER = 3600.0
"""Seconds after which a folder without a row is no longer one that another process is making."""


def repo_key(repo_type: RepoType, repo_id: RepoId) -> str:
    """Under which a repository is unique: ``type/namespace/name`` in lower case."""
    return f"{repo_type}/{repo_id.key}"


def folder_of(root: Path, uid: str) -> Path:
    """Where below ``root`` the bare repository of that immutable id lies."""
    return root / uid[:2] / f"{uid}.git"


class Repositories:
    """The rows and folders of all repositories; every look-up passes the access rule."""

    def __init__(self, database: Database, folder: Path, index: CatalogIndex) -> None:
        self._database = database
        self._folder = folder
        self._index = index

    def create(
        self,
        actor: Actor,
        repo_type: RepoType,
        repo_id: RepoId,
        *,
        private: bool,
        sdk: str | None = None,
    ) -> Repo:
        """Make a repository with one commit that holds ``.gitattributes``.

        Raises ConflictError if the name is taken by a repository that the actor may see,
        ForbiddenError if the namespace is not theirs, InvalidRequestError if it does not exist.
        """
        owner = self._namespace(repo_id.namespace)
        require_namespace(actor, owner.pk)
        assert actor.pk is not None
        repo = Repo(
            uid=new_uid(),
            key=repo_key(repo_type, repo_id),
            type=repo_type.value,
            namespace_pk=owner.pk,
            namespace=owner.name,
            name=repo_id.name,
            private=private,
            created_by=actor.pk,
            sdk=sdk,
            card_data={},
            config={},
        )
        self._refuse_taken(repo.key)
        path = self._make_folder(repo, repo_type, actor)
        try:
            with self._database.write() as session:
                session.add(repo)
        except IntegrityError:
            _remove(path)
            raise _taken(repo_id) from None
        self._index.refresh(repo.pk)
        return repo

    def find(self, actor: Actor, action: Action, repo_type: RepoType, repo_id: str) -> Repo:
        """The repository of that id, in any spelling of its case, if the actor may do ``action``.

        Raises RepoNotFoundError for ids that are invalid, missing or hidden alike.
        """
        try:
            key = repo_key(repo_type, RepoId.parse(repo_id))
        except InvalidRequestError:
            return require(actor, action, None)
        with self._database.read() as session:
            repo = session.scalar(select(Repo).where(Repo.key == key))
        return require(actor, action, repo)

    def by_uid(self, uid: str) -> Repo:
        """The repository of that immutable id; callers check access. Raises RepoNotFoundError."""
        with self._database.read() as session:
            repo = session.scalar(select(Repo).where(Repo.uid == uid))
        if repo is None:
            raise RepoNotFoundError("Repository not found, or you have no access to it.")
        return repo

    def set_private(self, actor: Actor, repo: Repo, private: bool) -> None:
        """Hide a repository from, or show it to, everybody else."""
        require(actor, Action.ADMIN, repo)
        with self._database.write() as session:
            session.execute(update(Repo).where(Repo.pk == repo.pk).values(private=private))

    def delete(self, actor: Actor, repo: Repo) -> None:
        """Remove a repository for good; its row goes first, so nobody sees half of it."""
        require(actor, Action.ADMIN, repo)
        with self._database.write() as session:
            self._index.forget(session, repo.pk)
            session.execute(delete(Repo).where(Repo.pk == repo.pk))
        _remove(self.path(repo))

    def count_download(self, repo_pk: int) -> None:
        """Note that a program downloaded something from the repository."""
        with self._database.write() as session:
            session.execute(
                update(Repo).where(Repo.pk == repo_pk).values(downloads=Repo.downloads + 1)
            )

    def open(self, repo: Repo) -> GitRepository:
        """The git repository of a row, for the thread that asks."""
        return GitRepository(self.path(repo))

    def path(self, repo: Repo) -> Path:
        """The bare repository's folder."""
        return folder_of(self._folder, repo.uid)

    def all(self) -> Iterator[Repo]:
        """Every repository of the hub, in order of creation."""
        with self._database.read() as session:
            yield from session.scalars(select(Repo).order_by(Repo.pk))

    def strays(self) -> Iterator[Path]:
        """Repositories with a history that no row names; a backup of the database may know them."""
        for path in self._unknown():
            if path.suffix == ".git" and not _is_new(path):
                yield path

    def remove_leftovers(self) -> None:
        """Remove what a creation or deletion left when its process was killed."""
        for path in self._unknown():
            old = utc_now().timestamp() - path.stat().st_mtime > _LEFT_AFTER
            if old and (path.suffix != ".git" or _is_new(path)):
                shutil.rmtree(path, ignore_errors=True)

    def _unknown(self) -> Iterator[Path]:
        paths = list(self._folder.glob("??/*"))
        with self._database.read() as session:
            known = {f"{uid}.git" for uid in session.scalars(select(Repo.uid))}
        return (path for path in paths if path.name not in known and path.is_dir())

    def _namespace(self, name: str) -> Namespace:
        with self._database.read() as session:
            found = session.scalar(select(Namespace).where(Namespace.key == name.lower()))
        if found is None:
            raise InvalidRequestError(
                f"namespace: there is no user or organization '{name}' on this hub."
            )
        return found

    def _refuse_taken(self, key: str) -> None:
        with self._database.read() as session:
            taken = session.scalar(select(Repo).where(Repo.key == key))
        if taken is not None:
            raise _taken(RepoId(taken.namespace, taken.name))

    def _make_folder(self, repo: Repo, repo_type: RepoType, actor: Actor) -> Path:
        path = self.path(repo)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        try:
            attributes = default_gitattributes(repo_type).encode()
            initial_commit(GitRepository.init(partial), actor, {".gitattributes": attributes})
            partial.rename(path)
        except (HubError, OSError):
            shutil.rmtree(partial, ignore_errors=True)
            raise
        for folder in (path.parent, self._folder):
            _fsync(folder)
        return path


def _taken(repo_id: RepoId) -> ConflictError:
    return ConflictError(f"You already created this repo: {repo_id}", name=str(repo_id))


def _remove(path: Path) -> None:
    """Take the folder out of sight at once; what is left of it is removed at the next start."""
    trash = path.with_suffix(".trash")
    try:
        path.rename(trash)
    except FileNotFoundError:
        return
    shutil.rmtree(trash, ignore_errors=True)


def _is_new(path: Path) -> bool:
    """Whether a repository has only its first commit, so that nothing can be lost with it."""
    try:
        git = GitRepository(path)
        refs = git.refs()
        return not refs or (len(refs) == 1 and len(git.log(refs[0].commit, limit=2)) == 1)
    except HubError:
        return False


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
