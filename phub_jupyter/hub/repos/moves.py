"""Giving a repository another name or owner; the names that it had lead to it from then on."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from phub_jupyter.hub.access import Action, Actor, require
from phub_jupyter.hub.catalog.index import CatalogIndex
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import FormerName, Repo
from phub_jupyter.hub.events import Event, Events
from phub_jupyter.hub.repos.destinations import Destination, taken
from phub_jupyter.identifiers import RepoId, RepoType

__all__ = ["Moves"]


class Moves:
    """Changes what a repository is called: one transaction, for its content lies by its uid."""

    def __init__(self, database: Database, index: CatalogIndex, events: Events) -> None:
        self._database = database
        self._index = index
        self._events = events

    def move(self, actor: Actor, repo: Repo, target: RepoId) -> Repo:
        """Call the repository ``target``, in whose namespace the actor must be allowed to create.

        Raises what `access.require` does for the repository, ForbiddenError or
        InvalidRequestError for the target's owner, ConflictError if the name is taken.
        """
        require(actor, Action.ADMIN, repo)
        former = f"{repo.namespace}/{repo.name}"
        if str(target) == former:
            return repo
        try:
            with self._database.write() as session:
                row = require(actor, Action.ADMIN, session.get(Repo, repo.pk))
                former = f"{row.namespace}/{row.name}"
                if target.key == former.lower():  # only its spelling changes
                    row.name = target.name
                else:
                    place = Destination.find(session, actor, RepoType(row.type), target)
                    session.execute(delete(FormerName).where(FormerName.key == row.key))
                    place.occupy(session)
                    session.add(FormerName(key=row.key, repo_pk=row.pk))
                    _take(row, place)
                session.flush()
                if row.type != RepoType.BUCKET:  # which nobody searches
                    self._index.rename(session, row)
        except IntegrityError:  # somebody took the name at the same moment
            raise taken(str(target)) from None
        self._events.publish(Event("move", "repo", row, actor, former=former))
        return row


def _take(row: Repo, place: Destination) -> None:
    if row.namespace_pk != place.owner.pk:
        row.resource_group_pk = None  # groups are those of one organization
    row.key = place.key
    row.namespace_pk = place.owner.pk
    row.namespace = place.owner.name
    row.name = place.name
