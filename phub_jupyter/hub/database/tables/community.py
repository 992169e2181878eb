"""Discussions and pull requests, what happens in them, and who hears of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = [
    "Attachment",
    "CommentVersion",
    "Discussion",
    "DiscussionEvent",
    "Notification",
    "Watch",
]


class Discussion(Base):
    """A discussion or pull request; the two share the numbers of their repository.

    ``status`` is open | closed | draft | merged. ``base`` is the full ref that a pull request is
    for, ``start`` the commit that its own ref began at, and ``merge_commit`` what ``base`` was
    moved to, or is just about to be while ``status`` is not yet merged.
    """

    __tablename__ = "discussions"
    __table_args__ = (UniqueConstraint("repo_pk", "number"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    repo_pk: Mapped[int] = mapped_column(ForeignKey("repos.pk", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(8))
    is_pull_request: Mapped[bool] = mapped_column(Boolean, default=False)
    author_pk: Mapped[int | None] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="SET NULL"), index=True
    )
    pinned: Mapped[bool] = mapped_column(Boolean, default=False)
    locked: Mapped[bool] = mapped_column(Boolean, default=False)
    base: Mapped[str | None] = mapped_column(Text)
    start: Mapped[str | None] = mapped_column(String(40))
    merge_commit: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class DiscussionEvent(Base):
    """One thing that happened in a discussion; ``data`` is what the event's type says about it.

    The texts of a comment are its versions; its ``data`` holds ``hidden`` and, for a comment on a
    file, ``path`` and perhaps ``line`` and ``side``.
    """

    __tablename__ = "discussion_events"

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    discussion_pk: Mapped[int] = mapped_column(
        ForeignKey("discussions.pk", ondelete="CASCADE"), index=True
    )
    type: Mapped[str] = mapped_column(String(24))
    author_pk: Mapped[int | None] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="SET NULL"), index=True
    )
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class CommentVersion(Base):
    """What a comment said; the last version counts."""

    __tablename__ = "comment_versions"

    pk: Mapped[int] = mapped_column(primary_key=True)
    event_pk: Mapped[int] = mapped_column(
        ForeignKey("discussion_events.pk", ondelete="CASCADE"), index=True
    )
    author_pk: Mapped[int | None] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="SET NULL"), index=True
    )
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Watch(Base):
    """A person does or does not want to hear of all discussions of a repository or an account.

    What is said of a repository goes before what is said of its owner. People hear of their own
    repositories unless they say otherwise.
    """

    __tablename__ = "watches"
    __table_args__ = (
        UniqueConstraint("user_pk", "repo_pk"),
        Index("ix_watches_of_namespaces", "user_pk", "namespace_pk", unique=True),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    user_pk: Mapped[int] = mapped_column(ForeignKey("namespaces.pk", ondelete="CASCADE"))
    repo_pk: Mapped[int | None] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), index=True
    )
    namespace_pk: Mapped[int | None] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    wanted: Mapped[bool] = mapped_column(Boolean, default=True)


class Notification(Base):
    """There is news for a person in a discussion; ``reason`` is the closest that ever applied.

    It is mention | author | participant | watch.
    """

    __tablename__ = "notifications"
    __table_args__ = (Index("ix_notifications_of_users", "user_pk", "updated_at"),)

    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), primary_key=True
    )
    discussion_pk: Mapped[int] = mapped_column(
        ForeignKey("discussions.pk", ondelete="CASCADE"), primary_key=True, index=True
    )
    reason: Mapped[str] = mapped_column(String(12))
    read: Mapped[bool] = mapped_column(Boolean, default=False)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class Attachment(Base):
    """An image or video that somebody put into a comment; its bytes are in the object store."""

    __tablename__ = "attachments"

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(48), unique=True)
    owner_pk: Mapped[int | None] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="SET NULL"), index=True
    )
    media_type: Mapped[str] = mapped_column(String(32))
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
