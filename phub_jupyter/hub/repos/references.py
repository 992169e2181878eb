"""What the API does to branches and tags, told to the index and to whoever listens."""

from __future__ import annotations

import logging

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.catalog.index import CatalogIndex
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.events import Event, Events, RefChange
from phub_jupyter.hub.repos import refs
from phub_jupyter.hub.repos.git_repository import MAIN, Ref
from phub_jupyter.hub.repos.repositories import Repositories
from phub_jupyter.hub.repos.squash import squash

__all__ = ["References"]

_LOG = logging.getLogger("phub")


class References:
    """Lists and changes refs. Callers have checked that the actor may."""

    def __init__(self, repositories: Repositories, index: CatalogIndex, events: Events) -> None:
        self._repositories = repositories
        self._index = index
        self._events = events

    def all(self, repo: Repo) -> list[Ref]:
        """Every ref, by name."""
        return self._repositories.open(repo).refs()

    def create_branch(self, repo: Repo, actor: Actor, name: str, start: str | None) -> None:
        """Add a branch at ``start``, or at the head of ``main``."""
        self.tell(repo, actor, refs.create_branch(self._repositories.open(repo), name, start))

    def delete_branch(self, repo: Repo, actor: Actor, name: str) -> None:
        """Remove a branch, but never ``main``."""
        self.tell(repo, actor, refs.delete_branch(self._repositories.open(repo), name))

    def create_tag(self, repo: Repo, actor: Actor, name: str, revision: str, message: str) -> None:
        """Tag a revision; with a message the tag is an annotated one."""
        git = self._repositories.open(repo)
        self.tell(repo, actor, refs.create_tag(git, name, revision, message, actor))

    def delete_tag(self, repo: Repo, actor: Actor, name: str) -> None:
        """Remove a tag."""
        self.tell(repo, actor, refs.delete_tag(self._repositories.open(repo), name))

    def squash(self, repo: Repo, actor: Actor, branch: str, message: str) -> None:
        """Leave one commit of a branch's history."""
        self.tell(repo, actor, squash(self._repositories.open(repo), branch, message, actor))

    def tell(self, repo: Repo, actor: Actor, *changes: RefChange) -> None:
        """Bring the index up to date after refs have moved, and tell whoever listens."""
        if any(change.ref == MAIN for change in changes):
            try:
                self._index.refresh(repo.pk)
            except Exception:  # the refs have moved; the index catches up at the next start
                _LOG.exception("%s/%s could not be indexed.", repo.namespace, repo.name)
        self._events.publish(Event("update", "repo.content", repo, actor, changes))
