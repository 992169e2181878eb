"""How much storage the repositories of a person or an organization take."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from phub_jupyter.errors import AuthenticationError, NotFoundError
from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Namespace, Repo
from phub_jupyter.identifiers import parse_namespace

__all__ = ["Storage", "StoragePage"]


@dataclass(frozen=True, slots=True)
class StoragePage:
    """Repositories, largest first; ``total`` are the bytes of all that the actor may see."""

    repos: list[Repo]
    total: int
    more: bool


class Storage:
    """Answers for those who own the repositories, or belong to the organization that does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, actor: Actor, owner: str | None, limit: int, offset: int) -> StoragePage:
        """One page of the repositories of an organization, or of the actor's own.

        Raises AuthenticationError for nobody, NotFoundError for an organization that there is
        not or that the actor does not belong to, InvalidRequestError for no name at all.
        """
        if actor.pk is None:
            raise AuthenticationError("Log in to see how much storage is used.")
        with self._database.read() as session:
            owner_pk = actor.pk
            if owner is not None:
                key = parse_namespace(owner).lower()
                found = session.scalar(select(Namespace).where(Namespace.key == key))
                if found is None or not _belongs(actor, found.pk):
                    raise NotFoundError(f"organization: you belong to none called '{owner}'.")
                owner_pk = found.pk
            rules = [Repo.namespace_pk == owner_pk, visible_to(actor)]
            rows = select(Repo).where(*rules).order_by(Repo.used_storage.desc(), Repo.pk)
            repos = list(session.scalars(rows.limit(limit + 1).offset(offset)))
            total = session.scalar(select(func.sum(Repo.used_storage)).where(*rules)) or 0
        return StoragePage(repos[:limit], int(total), len(repos) > limit)


def _belongs(actor: Actor, owner_pk: int) -> bool:
    return actor.is_hub_admin or owner_pk == actor.pk or owner_pk in actor.roles
