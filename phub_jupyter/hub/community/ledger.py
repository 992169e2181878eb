"""What discussions and pull requests write down, inside the transaction of whoever calls."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from phub_jupyter.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RepoNotFoundError,
)
from phub_jupyter.hub.access import Actor
from phub_jupyter.hub.accounts import new_uid
from phub_jupyter.hub.database.tables import CommentVersion, Discussion, DiscussionEvent, Repo

__all__ = [
    "LONGEST_DISCUSSION",
    "LONGEST_TEXT",
    "add_comment",
    "add_discussion",
    "add_event",
    "add_version",
    "checked_text",
    "checked_title",
    "event_row",
    "find",
    "fitted",
]

LONGEST_TEXT = 65_536
LONGEST_DISCUSSION = 8_000_000
_LONGEST_TITLE = 300
_UNFIT = ("Cc", "Cs", "Zl", "Zp")
_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
_LARGEST_NUMBER = 2**31 - 1


def checked_title(title: str) -> str:
    """A title on one line. Raises InvalidRequestError."""
    line = title.strip()
    if not line or len(line) > _LONGEST_TITLE or any(map(_is_unfit, line)):
        raise InvalidRequestError(f"title: write a line of 1 to {_LONGEST_TITLE} characters.")
    return line


def fitted(message: str, description: str) -> tuple[str, str]:
    """The title and the text of a pull request that a commit message makes: cut where too long."""
    line = " ".join("".join(" " if _is_unfit(char) else char for char in message).split())
    title = line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1]}…"
    return title, description if len(description) <= LONGEST_TEXT else description[:LONGEST_TEXT]


def _is_unfit(char: str) -> bool:
    """Whether it would end the line, or make it look like another one."""
    return unicodedata.category(char) in _UNFIT or unicodedata.bidirectional(char) in _TURNING


def checked_text(field: str, text: str) -> str:
    """The text of a comment, as it was written. Raises InvalidRequestError."""
    if len(text) > LONGEST_TEXT:
        raise InvalidRequestError(f"{field}: has more than {LONGEST_TEXT} characters; shorten it.")
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise InvalidRequestError(f"{field}: holds a character that no text can have.")
    return text


def add_discussion(session: Session, repo: Repo, actor: Actor, **columns: Any) -> Discussion:
    """Give the next number of the repository to a new discussion.

    Whoever else wants a number waits until this transaction ends: on PostgreSQL for the row of the
    repository, on SQLite for the whole database.
    """
    if session.scalar(select(Repo.pk).where(Repo.pk == repo.pk).with_for_update()) is None:
        raise RepoNotFoundError("Repository not found, or you have no access to it.")
    last = select(func.max(Discussion.number)).where(Discussion.repo_pk == repo.pk)
    row = Discussion(
        uid=new_uid(),
        repo_pk=repo.pk,
        number=(session.scalar(last) or 0) + 1,
        author_pk=actor.pk,
        **columns,
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, repo_pk: int, number: int, *, change: bool = False) -> Discussion:
    """The discussion of that number; to ``change`` it, nobody else may until the transaction ends.

    Raises NotFoundError.
    """
    query = select(Discussion).where(Discussion.repo_pk == repo_pk, Discussion.number == number)
    row = None
    if number <= _LARGEST_NUMBER:
        row = session.scalar(query.with_for_update() if change else query)
    if row is None:
        raise NotFoundError(f"There is no discussion or pull request {number} here.")
    return row


def event_row(
    discussion: Discussion, kind: str, actor: Actor | None, data: dict[str, Any]
) -> DiscussionEvent:
    """Something that happened; without an actor, the hub did it itself."""
    author_pk = None if actor is None else actor.pk
    return DiscussionEvent(
        uid=new_uid(), discussion_pk=discussion.pk, type=kind, author_pk=author_pk, data=data
    )


def add_event(
    session: Session, discussion: Discussion, kind: str, actor: Actor | None, **data: Any
) -> DiscussionEvent:
    """Write down that something happened."""
    row = event_row(discussion, kind, actor, data)
    session.add(row)
    session.flush()
    return row


def add_comment(
    session: Session, discussion: Discussion, actor: Actor, text: str, **place: Any
) -> DiscussionEvent:
    """Write a comment down; ``place`` is the part of a file that it is about."""
    event = add_event(session, discussion, "comment", actor, hidden=False, **place)
    add_version(session, event, actor, text)
    return event


def add_version(session: Session, comment: DiscussionEvent, actor: Actor, text: str) -> None:
    """Let a comment say something from now on. Raises ConflictError if there is no more room.

    A discussion is read as a whole, so it may not grow without end.
    """
    said = select(func.coalesce(func.sum(func.length(CommentVersion.text)), 0))
    same = DiscussionEvent.discussion_pk == comment.discussion_pk
    before = session.scalars(said.join(DiscussionEvent).where(same)).one()
    if before + len(text) > LONGEST_DISCUSSION:
        raise ConflictError(
            f"The discussion has {before} characters, and {LONGEST_DISCUSSION} is the limit; open "
            "another one."
        )
    session.add(CommentVersion(event_pk=comment.pk, author_pk=actor.pk, text=text))
    session.flush()
