"""Tells people what is new in discussions, in the transaction that makes it so.

Nobody is asked here whether a person may read the repository: that may change at any time, so it
is asked when the person looks.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.community.mentions import mentioned
from phub_jupyter.hub.database.tables import (
    Discussion,
    DiscussionEvent,
    Namespace,
    Notification,
    Repo,
    Watch,
    utc_now,
)

__all__ = ["tell", "tell_mentioned"]

_REASONS = ("watch", "participant", "author", "mention")  # the closest is the last


def tell(session: Session, repo: Repo, row: Discussion, actor: Actor, text: str = "") -> None:
    """Tell all whom it concerns that the actor did something, perhaps with these words."""
    reasons = dict.fromkeys(_watchers(session, repo), "watch")
    reasons |= dict.fromkeys(_participants(session, row), "participant")
    if row.author_pk is not None:
        reasons[row.author_pk] = "author"
    reasons |= dict.fromkeys(_people(session, mentioned(text)), "mention")
    _write(session, row, actor, reasons)


def tell_mentioned(
    session: Session, row: Discussion, actor: Actor, before: str, after: str
) -> None:
    """Tell those whom an edited comment names for the first time."""
    names = set(mentioned(after)) - set(mentioned(before))
    _write(session, row, actor, dict.fromkeys(_people(session, names), "mention"))


def _watchers(session: Session, repo: Repo) -> Iterable[int]:
    wishes: dict[int, bool] = {}
    if session.get_one(Namespace, repo.namespace_pk).kind == "user":
        wishes[repo.namespace_pk] = True
    about = or_(Watch.repo_pk == repo.pk, Watch.namespace_pk == repo.namespace_pk)
    watches = session.scalars(select(Watch).where(about))
    for watch in sorted(watches, key=lambda watch: watch.repo_pk is not None):
        wishes[watch.user_pk] = watch.wanted
    return [user for user, wanted in wishes.items() if wanted]


def _participants(session: Session, row: Discussion) -> Iterable[int]:
    authors = select(DiscussionEvent.author_pk).distinct()
    found = session.scalars(authors.where(DiscussionEvent.discussion_pk == row.pk))
    return [pk for pk in found if pk is not None]


def _people(session: Session, names: Iterable[str]) -> Iterable[int]:
    wanted = list(names)
    if not wanted:
        return []
    people = select(Namespace.pk).where(Namespace.kind == "user", Namespace.key.in_(wanted))
    return session.scalars(people).all()


def _write(session: Session, row: Discussion, actor: Actor, reasons: dict[int, str]) -> None:
    told = {user: reason for user, reason in reasons.items() if user != actor.pk}
    now = utc_now()
    existing = select(Notification).where(Notification.discussion_pk == row.pk)
    for notification in session.scalars(existing):
        reason = told.pop(notification.user_pk, None)
        if reason is not None:
            notification.reason = max(reason, notification.reason, key=_REASONS.index)
            notification.read, notification.updated_at = False, now
    session.add_all(
        Notification(user_pk=user, discussion_pk=row.pk, reason=reason, updated_at=now)
        for user, reason in told.items()
    )
    session.flush()
