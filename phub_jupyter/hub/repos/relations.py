"""What other rows say about a repository: its group, its descendants, its tags and likes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Like, Repo, RepoTag, ResourceGroup
from phub_jupyter.identifiers import RepoType

__all__ = ["Relations", "Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``files`` are the paths at ``Repo.head``; ``group`` is the uid and name of its group."""

    tags: list[str]
    files: list[str]
    liked: bool
    group: tuple[str, str] | None
    children: int


class Relations:
    """Reads all of that at one moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, actor: Actor, repo: Repo) -> Surroundings:
        """What surrounds a repository that the actor may see."""
        with self._database.read() as session:
            tags = select(RepoTag.tag).where(RepoTag.repo_pk == repo.pk).order_by(RepoTag.place)
            return Surroundings(
                tags=list(session.scalars(tags)),
                files=session.scalar(select(Repo.files).where(Repo.pk == repo.pk)) or [],
                liked=actor.pk is not None and session.get(Like, (repo.pk, actor.pk)) is not None,
                group=_group(session, repo),
                children=_children(session, actor, repo),
            )


def _group(session: Session, repo: Repo) -> tuple[str, str] | None:
    if repo.resource_group_pk is None:
        return None
    group = session.get(ResourceGroup, repo.resource_group_pk)
    return None if group is None else (group.uid, group.name)


def _children(session: Session, actor: Actor, repo: Repo) -> int:
    """How many models that the actor may see name this one as what they were made from."""
    if repo.type != RepoType.MODEL:
        return 0
    named = RepoTag.tag == f"base_model:{repo.namespace}/{repo.name}"
    query = select(func.count(Repo.pk)).join(RepoTag, RepoTag.repo_pk == Repo.pk)
    return session.scalar(query.where(named, visible_to(actor))) or 0
