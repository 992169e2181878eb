"""Who likes what; the number is kept in the repository's row so that lists need not count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, desc, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.catalog.trending import trend_of
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Like, Namespace, Repo

__all__ = ["Likes", "Page"]


@dataclass(frozen=True, slots=True)
class Page:
    """How many likes, and after which: its moment and the key of what is listed."""

    limit: int
    after: tuple[datetime, int] | None = None

    def rest(self, key: InstrumentedAttribute[int]) -> Sequence[ColumnElement[bool]]:
        """The condition for what comes after."""
        if self.after is None:
            return ()
        moment, pk = self.after
        last = tuple_(literal(moment, Like.created_at.type), literal(pk))
        return (tuple_(Like.created_at, key) < last,)

    def cut(self, query: Select[Any, Any], key: InstrumentedAttribute[int]) -> Select[Any, Any]:
        """One page of a query, and one row more."""
        return query.order_by(desc(Like.created_at), desc(key)).limit(self.limit + 1)


class Likes:
    """Sets and counts likes. Callers have checked that the person may read the repository."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, repo_pk: int, user_pk: int, liked: bool) -> int:
        """Like or unlike; saying it twice changes nothing. Returns the number of likes."""
        with self._database.write() as session:
            if liked:
                session.merge(Like(repo_pk=repo_pk, user_pk=user_pk))
                session.flush()
            else:
                session.execute(
                    delete(Like).where(Like.repo_pk == repo_pk, Like.user_pk == user_pk)
                )
            count = select(func.count(Like.user_pk)).where(Like.repo_pk == repo_pk)
            likes = session.scalar(count) or 0
            repo = session.get(Repo, repo_pk)
            if repo is not None:
                repo.likes = likes
                repo.trending = trend_of(likes, repo.downloads, repo.updated_at)
            return likes

    def by(self, actor: Actor, user_pk: int, page: Page) -> list[tuple[Like, Repo]]:
        """What a person likes of that which the actor may see, last first; one more if more."""
        query = select(Like, Repo).join(Repo, Repo.pk == Like.repo_pk)
        query = query.where(Like.user_pk == user_pk, visible_to(actor), *page.rest(Like.repo_pk))
        with self._database.read() as session:
            rows = session.execute(page.cut(query, Like.repo_pk))
            return [(like, repo) for like, repo in rows]

    def likers(self, repo_pk: int, page: Page) -> list[tuple[Like, Namespace]]:
        """Who likes a repository that the actor may see, last first; one more if there are more."""
        query = select(Like, Namespace).join(Namespace, Namespace.pk == Like.user_pk)
        query = query.where(Like.repo_pk == repo_pk, *page.rest(Like.user_pk))
        with self._database.read() as session:
            rows = session.execute(page.cut(query, Like.user_pk))
            return [(like, person) for like, person in rows]

    def of(self, repo_pk: int, user_pk: int) -> bool:
        """Whether the person likes the repository."""
        with self._database.read() as session:
            return session.get(Like, (repo_pk, user_pk)) is not None
