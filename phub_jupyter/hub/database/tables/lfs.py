"""What git and git-lfs know about a repository beside its content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["ErasedObject", "FileLock", "PushedCommit"]


class ErasedObject(Base):
    """A large file whose content somebody removed for good, though commits still name it."""

    __tablename__ = "erased_objects"

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class FileLock(Base):
    """A person has locked a file, so that nobody else pushes changes to it."""

    __tablename__ = "file_locks"
    __table_args__ = (UniqueConstraint("repo_pk", "path_digest"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    repo_pk: Mapped[int] = mapped_column(ForeignKey("repos.pk", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(Text)
    path_digest: Mapped[str] = mapped_column(String(64))  # a path may be too long for an index
    owner_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class PushedCommit(Base):
    """Who pushed a commit; its own text names whoever made it, as they like to be called."""

    __tablename__ = "pushed_commits"

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    oid: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
