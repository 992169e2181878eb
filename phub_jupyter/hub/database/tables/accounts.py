"""People, organizations, their roles, and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["GroupMember", "Member", "Namespace", "ResourceGroup", "Token"]


class Namespace(Base):
    """A person or an organization: whoever can own repositories. ``key`` is the lower-case name."""

    __tablename__ = "namespaces"

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    key: Mapped[str] = mapped_column(String(96), unique=True)
    name: Mapped[str] = mapped_column(String(96))
    kind: Mapped[str] = mapped_column(String(8))  # "user" | "org"
    fullname: Mapped[str] = mapped_column(String(255), default="")
    email: Mapped[str | None] = mapped_column(String(255))
    is_admin: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Member(Base):
    """A person's role in an organization: read | contributor | write | admin."""

    __tablename__ = "members"

    org_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), primary_key=True
    )
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(16))


class Token(Base):
    """A program's credential; only its SHA-256 is kept.

    ``role`` is read | write | admin | fineGrained; ``scopes`` of a fine-grained token is a list of
    ``{"type", "id", "rights": ["read"|"write"]}`` where ``id`` is the ``uid`` of a repository or
    bucket, or of an account (``type`` user or org, then ``namespace`` is its ``pk``): of all that
    it owns. ``login_pk`` and ``publisher_pk`` say for which app, or for which jobs, it was made: it
    ends with their row.
    """

    __tablename__ = "tokens"

    pk: Mapped[int] = mapped_column(primary_key=True)
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    reads_gated: Mapped[bool] = mapped_column(Boolean, default=False)  # of a fine-grained token
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    login_pk: Mapped[int | None] = mapped_column(
        ForeignKey("app_logins.pk", ondelete="CASCADE"), index=True
    )
    publisher_pk: Mapped[int | None] = mapped_column(
        ForeignKey("trusted_publishers.pk", ondelete="CASCADE"), index=True
    )


class ResourceGroup(Base):
    """A set of an organization's repositories with roles of its own.

    Only administrators of the organization and members of the group reach what is in it.
    """

    __tablename__ = "resource_groups"
    __table_args__ = (UniqueConstraint("org_pk", "name"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    org_pk: Mapped[int] = mapped_column(ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(96))
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class GroupMember(Base):
    """A person's role in a resource group: read | contributor | write | admin."""

    __tablename__ = "group_members"

    group_pk: Mapped[int] = mapped_column(
        ForeignKey("resource_groups.pk", ondelete="CASCADE"), primary_key=True
    )
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(16))
