"""What is new for a person, and of which repositories the person wants to hear.

Only what the person may read at the moment of asking is ever shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, false, func, select, update
from sqlalchemy.orm import Session

from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Discussion, Namespace, Notification, Repo, Watch

__all__ = ["Inbox", "InboxPage", "News", "Target", "Wanted"]

_PAGE = 50
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class News:
    """A discussion in which there is something new, or was before the person looked."""

    notification: Notification
    discussion: Discussion
    repo: Repo


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which news a list is to have."""

    unread: bool = False
    mentions: bool = False
    repo_pk: int | None = None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page of news, newest first; ``view`` of them are wanted, ``unread`` of ``all`` are new."""

    items: list[News]
    start: int
    view: int
    unread: int
    all: int


@dataclass(frozen=True, slots=True)
class Target:
    """What a person watches: a repository, or all repositories of an account."""

    repo: Repo | None = None
    owner: Namespace | None = None


class Inbox:
    """Notifications of people, and what they watch. Callers know who asks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, actor: Actor, wanted: Wanted, number: int) -> InboxPage:
        """A page of the person's news."""
        everything = _visible(actor)
        view = everything
        if wanted.unread:
            view = view.where(Notification.read.is_(False))
        if wanted.mentions:
            view = view.where(Notification.reason == "mention")
        if wanted.repo_pk is not None:
            view = view.where(Repo.pk == wanted.repo_pk)
        start = number * _PAGE
        newest = view.order_by(Notification.updated_at.desc(), Discussion.pk.desc())
        with self._database.read() as session:
            matching = _count(session, view)
            number_wanted = _PAGE if start < matching else 0
            rows = session.execute(newest.offset(min(start, matching)).limit(number_wanted)).all()
            return InboxPage(
                [News(*row) for row in rows],
                start,
                matching,
                _count(session, everything.where(Notification.read.is_(False))),
                _count(session, everything),
            )

    def mark(self, actor: Actor, discussions: Sequence[str] | None, *, read: bool) -> None:
        """Mark the news in these discussions (by uid; None means all) as read, or as new."""
        mine = update(Notification).where(Notification.user_pk == actor.pk).values(read=read)
        with self._database.write() as session:
            if discussions is None:
                session.execute(mine)
                return
            for first in range(0, len(discussions), _MOST_AT_ONCE):
                some = discussions[first : first + _MOST_AT_ONCE]
                pks = select(Discussion.pk).where(Discussion.uid.in_(some))
                session.execute(mine.where(Notification.discussion_pk.in_(pks)))

    def watched(self, actor: Actor) -> list[Target]:
        """What the person has said to watch and may read, accounts first."""
        about = and_(Watch.user_pk == actor.pk, Watch.wanted.is_(True))
        owners = select(Namespace).join(Watch, Watch.namespace_pk == Namespace.pk).where(about)
        repos = select(Repo).join(Watch, Watch.repo_pk == Repo.pk).where(about, visible_to(actor))
        with self._database.read() as session:
            accounts = session.scalars(owners.order_by(Namespace.key)).all()
            found = session.scalars(repos.order_by(Repo.key)).all()
        return [*(Target(owner=owner) for owner in accounts), *(Target(repo=row) for row in found)]

    def watch(self, user_pk: int, targets: Sequence[Target], *, wanted: bool) -> None:
        """Watch these from now on, or no more; saying it twice changes nothing."""
        with self._database.write() as session:
            mine = select(Namespace).where(Namespace.pk == user_pk)
            session.execute(mine.with_for_update()).one()  # one change of a person's list at a time
            for target in targets:
                row = session.scalar(
                    select(Watch).where(Watch.user_pk == user_pk, _is_about(target))
                )
                if row is None:
                    row = Watch(user_pk=user_pk)
                    row.repo_pk = None if target.repo is None else target.repo.pk
                    row.namespace_pk = None if target.owner is None else target.owner.pk
                    session.add(row)
                row.wanted = wanted
                session.flush()


def _visible(actor: Actor) -> Select[Notification, Discussion, Repo]:
    return (
        select(Notification, Discussion, Repo)
        .join(Discussion, Discussion.pk == Notification.discussion_pk)
        .join(Repo, Repo.pk == Discussion.repo_pk)
        .where(Notification.user_pk == actor.pk, visible_to(actor))
    )


def _count(session: Session, query: Select[Notification, Discussion, Repo]) -> int:
    counted = query.with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(counted) or 0


def _is_about(target: Target) -> ColumnElement[bool]:
    if target.repo is not None:
        return Watch.repo_pk == target.repo.pk
    return Watch.namespace_pk == target.owner.pk if target.owner is not None else false()
