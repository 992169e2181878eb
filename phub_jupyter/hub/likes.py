"""Who likes what; the number is kept in the repository's row so that lists need not count."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from phub_jupyter.hub.catalog.trending import trend_of
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Like, Repo

__all__ = ["Likes"]


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

    def of(self, repo_pk: int, user_pk: int) -> bool:
        """Whether the person likes the repository."""
        with self._database.read() as session:
            return session.get(Like, (repo_pk, user_pk)) is not None
