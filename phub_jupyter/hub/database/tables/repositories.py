"""Repositories, the index over their cards, and who likes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["AccessRequest", "FormerName", "Like", "RemovedRepo", "Repo", "RepoTag"]


class Repo(Base):
    """A repository and what its card says. ``key`` is ``type/namespace/name`` in lower case.

    Columns from ``head`` on are the index over the content of ``refs/heads/main``.
    """

    __tablename__ = "repos"
    __table_args__ = tuple(
        # A list is a walk along one of these: they hold all that decides who may see a row.
        Index(f"ix_repos_by_{column}", column, "pk", "type", "private", "namespace_pk", "key")
        for column in ("trending", "updated_at", "created_at", "likes", "downloads")
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    key: Mapped[str] = mapped_column(String(208), unique=True)
    type: Mapped[str] = mapped_column(String(8))
    namespace_pk: Mapped[int] = mapped_column(ForeignKey("namespaces.pk"), index=True)
    namespace: Mapped[str] = mapped_column(String(96))
    name: Mapped[str] = mapped_column(String(96))
    private: Mapped[bool] = mapped_column(Boolean, default=False)
    protected: Mapped[bool] = mapped_column(Boolean, default=False)  # a private Space's open app
    gated: Mapped[str | None] = mapped_column(String(8))  # auto | manual; None is open
    resource_group_pk: Mapped[int | None] = mapped_column(
        ForeignKey("resource_groups.pk", ondelete="SET NULL"), index=True
    )
    created_by: Mapped[int] = mapped_column(ForeignKey("namespaces.pk"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    likes: Mapped[int] = mapped_column(default=0)
    downloads: Mapped[int] = mapped_column(default=0)  # of the last 30 days
    downloads_all_time: Mapped[int] = mapped_column(BigInteger, default=0)
    trending: Mapped[float] = mapped_column(Float, default=0.0)  # see catalog/trending.py
    sdk: Mapped[str | None] = mapped_column(String(32))
    head: Mapped[str | None] = mapped_column(String(40))
    card_data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pipeline_tag: Mapped[str | None] = mapped_column(String(64), index=True)
    library_name: Mapped[str | None] = mapped_column(String(64), index=True)
    license: Mapped[str | None] = mapped_column(String(64))
    used_storage: Mapped[int] = mapped_column(BigInteger, default=0)
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)  # number by data type
    parameter_count: Mapped[int | None] = mapped_column(BigInteger)
    files: Mapped[list[Any]] = mapped_column(default=list, deferred=True)  # paths; may be many

    @property
    def visibility(self) -> str:
        """Who may see it, in the words of the public contract."""
        if not self.private:
            return "public"
        return "protected" if self.protected else "private"


class RepoTag(Base):
    """One tag of a repository's card, for filters (``language:en``, ``license:mit``, …)."""

    __tablename__ = "repo_tags"
    __table_args__ = (Index("ix_repo_tags_of_repos", "tag", "repo_pk"),)

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    place: Mapped[int] = mapped_column(default=0)  # in the row of tags that people see


class Like(Base):
    """A person likes a repository."""

    __tablename__ = "likes"

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class FormerName(Base):
    """A name that a repository had; it leads to the repository until another one takes it."""

    __tablename__ = "former_names"

    key: Mapped[str] = mapped_column(String(208), primary_key=True)
    repo_pk: Mapped[int] = mapped_column(ForeignKey("repos.pk", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class RemovedRepo(Base):
    """A repository that was deleted and whose folder may still be there."""

    __tablename__ = "removed_repos"

    uid: Mapped[str] = mapped_column(String(24), primary_key=True)
    removed_at: Mapped[datetime] = mapped_column(default=utc_now)


class AccessRequest(Base):
    """A person's wish to read a gated repository; ``status`` is pending | accepted | rejected."""

    __tablename__ = "access_requests"
    __table_args__ = (UniqueConstraint("repo_pk", "user_pk"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    repo_pk: Mapped[int] = mapped_column(ForeignKey("repos.pk", ondelete="CASCADE"))
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    status: Mapped[str] = mapped_column(String(8))
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    granted: Mapped[bool] = mapped_column(Boolean, default=False)  # by the owner, without a request
    reason: Mapped[str | None] = mapped_column(Text)  # why it was rejected
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
