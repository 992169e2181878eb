"""Copying a repository: its branches and tags with their whole history, its files by reference."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pygit2.enums import ObjectType
from sqlalchemy import insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from phub_jupyter.errors import RepoNotFoundError, StorageError
from phub_jupyter.hub.access import Action, Actor, require
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Base, ErasedObject, PushedCommit, Repo, RepoObject
from phub_jupyter.hub.repos.destinations import Destination
from phub_jupyter.hub.repos.folders import flush_folder
from phub_jupyter.hub.repos.git_repository import GitRepository
from phub_jupyter.hub.repos.lfs_pointer import LfsPointer
from phub_jupyter.hub.repos.repositories import Repositories, new_row
from phub_jupyter.hub.repos.smart_http import git_environment
from phub_jupyter.identifiers import RepoId, RepoType

__all__ = ["Duplicates"]

_AT_A_TIME = 500
_TIMES = ("created_at", "claimed_at")  # when a row came to be, which is now
_KEPT = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


class Duplicates:
    """Makes copies. Pull requests, discussions and what no branch reaches stay behind."""

    def __init__(self, database: Database, repositories: Repositories) -> None:
        self._database = database
        self._repositories = repositories

    def duplicate(
        self,
        actor: Actor,
        source: Repo,
        target: RepoId,
        *,
        private: bool | None = None,
        protected: bool = False,
        resource_group: str | None = None,
        prepare: Callable[[Repo], None] | None = None,
    ) -> Repo:
        """Copy ``source``, whose files the actor must be allowed to read, to a free name.

        It is as visible and as gated as its source unless ``private`` (and with it ``protected``)
        says otherwise.
        ``prepare`` is called with the new row before anybody can see it. Raises ConflictError,
        ForbiddenError and InvalidRequestError as `Repositories.create` does.
        """
        require(actor, Action.CONTENT, source)
        repo_type = RepoType(source.type)
        with self._database.read() as session:
            place = Destination.find(session, actor, repo_type, target, resource_group)
        repo = new_row(
            actor,
            place,
            private=source.private if private is None else private,
            protected=source.protected if private is None else protected,
            gated=source.gated,
            sdk=source.sdk,
        )
        path = self._repositories.folders.make(repo.uid, lambda path: self._fetch(source, path))
        history = _history(GitRepository(path))

        def link(session: Session) -> None:
            session.flush()
            _link(session, source.pk, repo.pk, history)

        self._repositories.add(actor, repo, place, prepare, link)
        self._repositories.folders.keep(path)
        return repo

    def _fetch(self, source: Repo, path: Path) -> None:
        GitRepository.init(path)
        self._repositories.folders.mark_copy(path)
        origin = self._repositories.path(source)
        command = ["git", "-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync"]
        command += ["--git-dir", str(path), "fetch", "--quiet", "--no-auto-gc", "--no-tags"]
        environment = git_environment(origin) | {"GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(
            [*command, f"file://{origin}", *_KEPT],
            env=environment,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            for folder, _, _ in os.walk(path):  # git flushes files, but not what they are in
                flush_folder(Path(folder))
            return
        if not origin.is_dir():
            raise RepoNotFoundError("The repository was deleted while it was copied.")
        raise StorageError("git cannot read this repository; run `phub check` on the hub.")


@dataclass(frozen=True, slots=True)
class _History:
    """What a history refers to beside itself: large files, and who pushed its commits."""

    sha256s: list[str]
    commits: list[str]


def _history(git: GitRepository) -> _History:
    sha256s, commits = set(), []
    for oid in git.raw.odb:  # only what the branches and tags reach was copied
        kind, size = git.raw.odb.read_header(oid)
        if kind == ObjectType.COMMIT:
            commits.append(str(oid))
        elif kind == ObjectType.BLOB and LfsPointer.may_be(size):
            pointer = LfsPointer.parse(git.read_blob(str(oid)))
            if pointer is not None:
                sha256s.add(pointer.sha256)
    return _History(sorted(sha256s), commits)


def _link(session: Session, source_pk: int, target_pk: int, history: _History) -> None:
    """Give the copy its own rows for everything that the history refers to."""
    _copy(session, RepoObject, RepoObject.sha256, history.sha256s, source_pk, target_pk)
    _copy(session, ErasedObject, ErasedObject.sha256, history.sha256s, source_pk, target_pk)
    _copy(session, PushedCommit, PushedCommit.oid, history.commits, source_pk, target_pk)


def _copy(
    session: Session,
    table: type[Base],
    column: InstrumentedAttribute[str],
    names: list[str],
    source_pk: int,
    target_pk: int,
) -> None:
    repo_pk = column.class_.repo_pk
    copied = [it for it in table.__table__.columns if it.name not in ("repo_pk", *_TIMES)]
    for first in range(0, len(names), _AT_A_TIME):
        rows = session.execute(
            select(*copied).where(
                repo_pk == source_pk, column.in_(names[first : first + _AT_A_TIME])
            )
        )
        values = [{"repo_pk": target_pk, **row} for row in rows.mappings()]
        if values:
            session.execute(insert(table), values)
