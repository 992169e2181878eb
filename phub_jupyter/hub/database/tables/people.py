"""Who follows whom, and logins of programs that a person approves in a browser."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["DeviceLogin", "Follow", "Login"]


class Follow(Base):
    """A person follows a person or an organization."""

    __tablename__ = "follows"

    follower_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), primary_key=True
    )
    followed_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class DeviceLogin(Base):
    """A program that waits for a person; ``user_pk`` is set once one approved, codes are digests.

    ``status`` is pending | approved | denied. The row goes away when the program got its token.
    """

    __tablename__ = "device_logins"

    device_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_digest: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(8), default="pending")
    user_pk: Mapped[int | None] = mapped_column(ForeignKey("namespaces.pk", ondelete="CASCADE"))
    polled_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Login(Base):
    """What renews the token of a login; it ends when that token is revoked."""

    __tablename__ = "logins"

    refresh_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_pk: Mapped[int] = mapped_column(ForeignKey("tokens.pk", ondelete="CASCADE"), unique=True)
    expires_at: Mapped[datetime]
