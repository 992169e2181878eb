"""File locks, as git-lfs knows them: a person keeps others from pushing changes to a file.

``git lfs push`` asks for them and does not push what somebody else has locked; the hub itself only
keeps the list.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from phub_jupyter.errors import ConflictError, ForbiddenError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require_own
from phub_jupyter.hub.accounts import new_uid
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import FileLock, Namespace, Repo
from phub_jupyter.identifiers import parse_path

__all__ = ["FileLocks", "HeldLock", "LockTakenError"]


@dataclass(frozen=True, slots=True)
class HeldLock:
    """Who has locked which file since when; ``pk`` orders locks by age."""

    pk: int
    uid: str
    path: str
    owner: str
    locked_at: datetime


class LockTakenError(ConflictError):
    """Somebody has locked the file already."""

    def __init__(self, held: HeldLock) -> None:
        super().__init__(f"{held.path} is locked by {held.owner} already.")
        self.held = held


class FileLocks:
    """Callers have checked that the actor may write to the repository, or read it for lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, repo: Repo, actor: Actor, path: str) -> HeldLock:
        """Lock a file, which need not exist yet. Raises LockTakenError."""
        path = parse_path(path)
        row = FileLock(
            uid=new_uid(),
            repo_pk=repo.pk,
            path=path,
            path_digest=_digest(path),
            owner_pk=require_own(actor),
        )
        try:
            with self._database.write() as session:
                session.add(row)
        except IntegrityError:
            held = self.list(repo, path=path, limit=1)
            if not held:  # unlocked at this very moment
                raise ConflictError(f"{path} was locked until now; try again.") from None
            raise LockTakenError(held[0]) from None
        return HeldLock(row.pk, row.uid, path, actor.name or "", row.created_at)

    def list(
        self,
        repo: Repo,
        *,
        path: str | None = None,
        uid: str | None = None,
        after: int = 0,
        limit: int,
    ) -> list[HeldLock]:
        """The locks of a repository, oldest first, from behind the one with key ``after``."""
        query = (
            select(FileLock, Namespace.name)
            .join(Namespace, Namespace.pk == FileLock.owner_pk)
            .where(FileLock.repo_pk == repo.pk, FileLock.pk > after)
            .order_by(FileLock.pk)
            .limit(limit)
        )
        if path is not None:
            query = query.where(FileLock.path_digest == _digest(path))
        if uid is not None:
            query = query.where(FileLock.uid == uid)
        with self._database.read() as session:
            return [
                HeldLock(row.pk, row.uid, row.path, owner, row.created_at)
                for row, owner in session.execute(query)
            ]

    def remove(self, repo: Repo, actor: Actor, uid: str, *, force: bool) -> HeldLock:
        """Unlock a file: one's own, or with ``force`` anybody's for who administers the repository.

        Raises NotFoundError or ForbiddenError.
        """
        found = self.list(repo, uid=uid, limit=1)
        if not found:
            raise NotFoundError(f"lock: there is no lock {uid}; it may be unlocked already.")
        held = found[0]
        if held.owner != actor.name:
            if not force:
                raise ForbiddenError(
                    f"{held.path} is locked by {held.owner}; administrators of the repository can "
                    "unlock it with --force."
                )
            if decide(actor, Action.ADMIN, repo) is not Verdict.ALLOW:
                raise ForbiddenError(
                    f"{held.path} is locked by {held.owner}; only they and administrators of the "
                    "repository can unlock it."
                )
        with self._database.write() as session:
            row = session.get(FileLock, held.pk)
            if row is not None:
                session.delete(row)
        return held


def _digest(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
