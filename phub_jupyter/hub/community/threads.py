"""Discussions as people read them: with their authors, and everything that happened in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from phub_jupyter.hub.database.tables import (
    CommentVersion,
    Discussion,
    DiscussionEvent,
    Namespace,
)

__all__ = ["Happening", "Summary", "Thread", "Version", "read_happenings", "summarize"]


@dataclass(frozen=True, slots=True)
class Version:
    """What a comment said at one time; an author whose account is gone is None."""

    text: str
    author: Namespace | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One event; a comment has its ``versions``, oldest first, unless it is hidden."""

    uid: str
    type: str
    author: Namespace | None
    created_at: datetime
    data: dict[str, Any]
    versions: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """A discussion in a list."""

    row: Discussion
    author: Namespace | None
    comments: int


@dataclass(frozen=True, slots=True)
class Thread:
    """A discussion with all that happened in it."""

    summary: Summary
    happenings: tuple[Happening, ...]


def summarize(session: Session, rows: Sequence[Discussion]) -> list[Summary]:
    """Add to the rows who wrote them and how many comments they have."""
    people = _people(session, (row.author_pk for row in rows))
    numbers = (
        select(DiscussionEvent.discussion_pk, func.count())
        .where(
            DiscussionEvent.discussion_pk.in_([row.pk for row in rows]),
            DiscussionEvent.type == "comment",
        )
        .group_by(DiscussionEvent.discussion_pk)
    )
    comments = {row[0]: row[1] for row in session.execute(numbers)}
    return [Summary(row, people.get(row.author_pk or 0), comments.get(row.pk, 0)) for row in rows]


def read_happenings(session: Session, events: Sequence[DiscussionEvent]) -> list[Happening]:
    """Add to the events who did them and, of comments, what they said.

    The text of a hidden comment is left where it is.
    """
    shown = [event.pk for event in events if event.type == "comment" and not event.data["hidden"]]
    versions = _versions(session, shown)
    authors = [event.author_pk for event in events]
    authors += [version.author_pk for said in versions.values() for version in said]
    people = _people(session, authors)
    return [
        Happening(
            event.uid,
            event.type,
            people.get(event.author_pk or 0),
            event.created_at,
            event.data,
            tuple(
                Version(said.text, people.get(said.author_pk or 0), said.created_at)
                for said in versions[event.pk]
            ),
        )
        for event in events
    ]


def _versions(session: Session, events: Sequence[int]) -> dict[int, list[CommentVersion]]:
    found: dict[int, list[CommentVersion]] = defaultdict(list)
    for first in range(0, len(events), 500):
        some = CommentVersion.event_pk.in_(events[first : first + 500])
        query = select(CommentVersion).where(some).order_by(CommentVersion.pk)
        for version in session.scalars(query):
            found[version.event_pk].append(version)
    return found


def _people(session: Session, keys: Iterable[int | None]) -> dict[int, Namespace]:
    wanted = list({key for key in keys if key is not None})
    found: dict[int, Namespace] = {}
    for first in range(0, len(wanted), 500):
        some = select(Namespace).where(Namespace.pk.in_(wanted[first : first + 500]))
        found |= {person.pk: person for person in session.scalars(some)}
    return found
