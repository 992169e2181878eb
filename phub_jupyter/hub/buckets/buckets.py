"""The life of a bucket, and what is in it as a whole.

A bucket is a row like that of a repository, so names, owners, visibility, moves, tokens and passes
are one thing; it has no folder, because it has no history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.apps.created import remember_creation
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import BucketFile, Repo
from phub_jupyter.hub.events import Event, Events
from phub_jupyter.hub.repos.destinations import Destination, taken
from phub_jupyter.hub.repos.repositories import new_row
from phub_jupyter.identifiers import RepoId, RepoType, parse_namespace

__all__ = ["BucketSummary", "Buckets"]


@dataclass(frozen=True, slots=True)
class BucketSummary:
    """A bucket with the number of its files and their bytes."""

    repo: Repo
    files: int
    size: int


class Buckets:
    """Makes and lists buckets; found, changed, moved and deleted they are as repositories."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    def create(
        self,
        actor: Actor,
        bucket_id: RepoId,
        *,
        private: bool,
        resource_group: str | None = None,
    ) -> Repo:
        """Make an empty bucket. Raises what `Repositories.create` does."""
        try:
            with self._database.write() as session:
                place = Destination.find(session, actor, RepoType.BUCKET, bucket_id, resource_group)
                place.occupy(session)
                repo = new_row(actor, place, private=private)
                session.add(repo)
                remember_creation(session, actor, repo)
        except IntegrityError:
            raise taken(str(bucket_id)) from None
        self._events.publish(Event("create", "repo", repo, actor))
        return repo

    def summary(self, repo: Repo) -> BucketSummary:
        """What there is in one bucket."""
        return self._summaries([repo])[0]

    def page(
        self, actor: Actor, owner: str, search: str, limit: int, offset: int
    ) -> list[BucketSummary]:
        """Buckets of a person or organization that the actor may see, and one more if there is.

        Raises InvalidRequestError for what cannot be the name of either.
        """
        rows = select(Repo).where(
            visible_to(actor),
            Repo.type == RepoType.BUCKET.value,
            func.lower(Repo.namespace) == parse_namespace(owner).lower(),
            func.lower(Repo.name).contains(search.lower(), autoescape=True),
        )
        with self._database.read() as session:
            query = rows.order_by(Repo.key).limit(limit + 1).offset(offset)
            repos = list(session.scalars(query))
        return self._summaries(repos)

    def _summaries(self, repos: Iterable[Repo]) -> list[BucketSummary]:
        found = list(repos)
        query = (
            select(BucketFile.repo_pk, func.count(), func.sum(BucketFile.size))
            .where(BucketFile.repo_pk.in_([repo.pk for repo in found]))
            .group_by(BucketFile.repo_pk)
        )
        with self._database.read() as session:
            sums = {pk: (number, size) for pk, number, size in session.execute(query)}
        return [
            BucketSummary(repo, *(int(value) for value in sums.get(repo.pk, (0, 0))))
            for repo in found
        ]
