"""Discussions: opened, talked in, renamed, closed and opened again; pull requests likewise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from phub_jupyter.hub.access import Action, Actor, Verdict, decide, require
from phub_jupyter.hub.community import ledger, notices
from phub_jupyter.hub.community.threads import (
    Happening,
    Summary,
    Thread,
    read_happenings,
    summarize,
)
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import (
    CommentVersion,
    Discussion,
    DiscussionEvent,
    Namespace,
    Repo,
)
from phub_jupyter.hub.events import Event, Events

__all__ = ["Discussions", "Filter", "Page"]

_STATUSES = {
    "all": ("open", "draft", "closed", "merged"),
    "open": ("open", "draft"),
    "closed": ("closed", "merged"),
    "merged": ("merged",),
    "draft": ("draft",),
}
_KINDS = {"all": (False, True), "discussion": (False,), "pull_request": (True,)}

Change = Callable[[Session, Discussion], DiscussionEvent]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which discussions a list is to have, in the words of the public client."""

    kind: str = "all"
    status: str = "all"
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, the number of all that the filter lets through, and where this starts."""

    items: list[Summary]
    count: int
    start: int


class Discussions:
    """Keeps the discussions of all repositories. Callers have checked that the actor may read."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    def open(self, actor: Actor, repo: Repo, title: str, description: str) -> int:
        """Open a discussion and return its number. Raises InvalidRequestError."""
        require(actor, Action.PROPOSE, repo)
        title = ledger.checked_title(title)
        text = ledger.checked_text("description", description)
        with self._database.write() as session:
            row = ledger.add_discussion(session, repo, actor, title=title, status="open")
            comment = ledger.add_comment(session, row, actor, text)
            notices.tell(session, repo, row, actor, text)
        created = Event(
            "create", "discussion", repo, actor, discussion=row.number, comment=comment.uid
        )
        self._events.publish(created)
        return row.number

    def page(self, repo: Repo, wanted: Filter, number: int, limit: int) -> Page:
        """A page of the repository's discussions, newest first. Raises InvalidRequestError."""
        start = number * limit
        with self._database.read() as session:
            query = select(Discussion).where(*_conditions(session, repo, wanted))
            count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            if start >= count:
                return Page([], count, start)
            rows = query.order_by(Discussion.number.desc()).offset(start).limit(limit)
            return Page(summarize(session, session.scalars(rows).all()), count, start)

    def get(self, repo: Repo, number: int) -> Thread:
        """A discussion with everything that happened in it. Raises NotFoundError."""
        with self._database.read() as session:
            row = ledger.find(session, repo.pk, number)
            query = select(DiscussionEvent).where(DiscussionEvent.discussion_pk == row.pk)
            events = session.scalars(query.order_by(DiscussionEvent.pk)).all()
            (summary,) = summarize(session, [row])
            return Thread(summary, tuple(read_happenings(session, events)))

    def comment(
        self, actor: Actor, repo: Repo, number: int, text: str, place: dict[str, Any]
    ) -> Happening:
        """Say something, perhaps about a ``place``: path, line and side of a file."""
        text = _something("comment", text)

        def change(session: Session, row: Discussion) -> DiscussionEvent:
            _refuse_locked(actor, repo, row)
            event = ledger.add_comment(session, row, actor, text, **place)
            notices.tell(session, repo, row, actor, text)
            return event

        return self._change(actor, repo, number, ("create", "discussion.comment"), change)

    def edit(self, actor: Actor, repo: Repo, number: int, comment: str, text: str) -> Happening:
        """Let a comment say something else; what it said before stays in its history."""
        text = _something("content", text)

        def change(session: Session, row: Discussion) -> DiscussionEvent:
            event = _comment(session, row, comment)
            _require_author(actor, repo, event.author_pk, Action.ADMIN, "edit this comment")
            if event.data["hidden"]:
                raise ConflictError("The comment is hidden; nothing can be changed in it.")
            said = select(CommentVersion).where(CommentVersion.event_pk == event.pk)
            before = session.scalars(said.order_by(CommentVersion.pk.desc())).first()
            ledger.add_version(session, event, actor, text)
            notices.tell_mentioned(session, row, actor, before.text if before else "", text)
            return event

        return self._change(actor, repo, number, ("update", "discussion.comment"), change)

    def hide(self, actor: Actor, repo: Repo, number: int, comment: str) -> Happening:
        """Hide what a comment says, for good."""

        def change(session: Session, row: Discussion) -> DiscussionEvent:
            event = _comment(session, row, comment)
            _require_author(actor, repo, event.author_pk, Action.WRITE, "hide this comment")
            event.data = {**event.data, "hidden": True}
            return event

        return self._change(actor, repo, number, ("update", "discussion.comment"), change)

    def rename(self, actor: Actor, repo: Repo, number: int, title: str) -> Happening:
        """Give a discussion another title."""
        title = ledger.checked_title(title)

        def change(session: Session, row: Discussion) -> DiscussionEvent:
            _require_author(actor, repo, row.author_pk, Action.WRITE, "change the title")
            names = {"from": row.title, "to": title}
            row.title = title
            return ledger.add_event(session, row, "title-change", actor, **names)

        return self._change(actor, repo, number, ("update", "discussion"), change)

    def set_status(
        self, actor: Actor, repo: Repo, number: int, status: str, comment: str
    ) -> Happening:
        """Close a discussion, open it again, or open a draft; perhaps with a comment.

        Raises ConflictError if it is like that already, or merged.
        """
        if status not in ("open", "closed"):
            raise InvalidRequestError("status: send open or closed.")
        text = ledger.checked_text("comment", comment)

        def change(session: Session, row: Discussion) -> DiscussionEvent:
            _require_author(actor, repo, row.author_pk, Action.WRITE, "change the status")
            if row.status in (status, "merged"):
                raise ConflictError(f"It is {row.status} already.")
            if text:
                _refuse_locked(actor, repo, row)
                ledger.add_comment(session, row, actor, text)
            row.status = status
            notices.tell(session, repo, row, actor, text)
            return ledger.add_event(session, row, "status-change", actor, status=status)

        return self._change(actor, repo, number, ("update", "discussion"), change)

    def pin(self, actor: Actor, repo: Repo, number: int, pinned: bool) -> Happening:
        """Pin a discussion, or take the pin away."""

        def change(session: Session, row: Discussion) -> DiscussionEvent:
            row.pinned = pinned
            return ledger.add_event(session, row, "pinning-change", actor, pinned=pinned)

        require(actor, Action.WRITE, repo)
        return self._change(actor, repo, number, ("update", "discussion"), change)

    def lock(self, actor: Actor, repo: Repo, number: int, locked: bool) -> Happening:
        """Let only people with write access comment, or everybody again."""

        def change(session: Session, row: Discussion) -> DiscussionEvent:
            row.locked = locked
            return ledger.add_event(session, row, "locking-change", actor, locked=locked)

        require(actor, Action.WRITE, repo)
        return self._change(actor, repo, number, ("update", "discussion"), change)

    def _change(
        self,
        actor: Actor,
        repo: Repo,
        number: int,
        what: tuple[Any, str],
        change: Change,
    ) -> Happening:
        """Change a discussion as a whole or not at all, and tell of it when it is done."""
        require(actor, Action.PROPOSE, repo)
        with self._database.write() as session:
            row = ledger.find(session, repo.pk, number, change=True)
            event = change(session, row)
            session.flush()
            (happening,) = read_happenings(session, [event])
        action, scope = what
        comment = event.uid if scope == "discussion.comment" else None
        self._events.publish(Event(action, scope, repo, actor, discussion=number, comment=comment))
        return happening


def _conditions(session: Session, repo: Repo, wanted: Filter) -> list[Any]:
    if wanted.kind not in _KINDS:
        raise InvalidRequestError(f"type: send one of {', '.join(_KINDS)}.")
    if wanted.status not in _STATUSES:
        raise InvalidRequestError(f"status: send one of {', '.join(_STATUSES)}.")
    conditions = [
        Discussion.repo_pk == repo.pk,
        Discussion.is_pull_request.in_(_KINDS[wanted.kind]),
        Discussion.status.in_(_STATUSES[wanted.status]),
    ]
    if wanted.author is not None:
        author = ledger.checked_text("author", wanted.author).lower()
        person = session.scalar(select(Namespace.pk).where(Namespace.key == author))
        conditions.append(Discussion.author_pk == (person or 0))
    return conditions


def _something(field: str, text: str) -> str:
    if not text.strip():
        raise InvalidRequestError(f"{field}: write something.")
    return ledger.checked_text(field, text)


def _comment(session: Session, row: Discussion, uid: str) -> DiscussionEvent:
    event = session.scalar(
        select(DiscussionEvent).where(
            DiscussionEvent.discussion_pk == row.pk,
            DiscussionEvent.type == "comment",
            DiscussionEvent.uid == uid,
        )
    )
    if event is None:
        raise NotFoundError(f"There is no such comment in {row.number}.")
    return event


def _require_author(
    actor: Actor, repo: Repo, author_pk: int | None, otherwise: Action, what: str
) -> None:
    """Raise ForbiddenError unless it is the actor's own, or the actor may do ``otherwise``."""
    own = actor.pk is not None and actor.pk == author_pk
    if not own and decide(actor, otherwise, repo) is not Verdict.ALLOW:
        raise ForbiddenError(
            f"Only its author and people with {otherwise.name.lower()} access to "
            f"{repo.namespace}/{repo.name} may {what}."
        )


def _refuse_locked(actor: Actor, repo: Repo, row: Discussion) -> None:
    if row.locked and decide(actor, Action.WRITE, repo) is not Verdict.ALLOW:
        raise ForbiddenError(
            "The discussion is locked: only people with write access to "
            f"{repo.namespace}/{repo.name} may comment."
        )
