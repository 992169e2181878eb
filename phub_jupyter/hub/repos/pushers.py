"""Remembers who pushed a commit whose own text names somebody in other words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Namespace, PushedCommit

__all__ = ["Pushers"]

_BATCH = 500


class Pushers:
    """Keeps the account that is responsible for each commit that came by git."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, repo_pk: int, oids: Sequence[str], user_pk: int) -> None:
        """Note who pushed these commits, unless somebody did before."""
        with self._database.write() as session:
            for batch in _batches(oids):
                known = session.scalars(
                    select(PushedCommit.oid).where(
                        PushedCommit.repo_pk == repo_pk, PushedCommit.oid.in_(batch)
                    )
                )
                session.add_all(
                    PushedCommit(repo_pk=repo_pk, oid=oid, user_pk=user_pk)
                    for oid in sorted(set(batch) - set(known))
                )

    def names(self, repo_pk: int, oids: Sequence[str]) -> dict[str, str]:
        """The names of those who pushed these commits, where it was noted."""
        names: dict[str, str] = {}
        with self._database.read() as session:
            for batch in _batches(oids):
                query = (
                    select(PushedCommit.oid, Namespace.name)
                    .join(Namespace, Namespace.pk == PushedCommit.user_pk)
                    .where(PushedCommit.repo_pk == repo_pk, PushedCommit.oid.in_(batch))
                )
                names |= {row.oid: row.name for row in session.execute(query)}
        return names


def _batches(oids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (oids[first : first + _BATCH] for first in range(0, len(oids), _BATCH))
