"""Webhooks, what they watch, and the queue of what is to be delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["Webhook", "WebhookDelivery", "WebhookWatch"]


class Webhook(Base):
    """A person wants to hear of changes at ``url``; ``secret`` is encrypted.

    ``failures`` counts deliveries given up one after the other.
    """

    __tablename__ = "webhooks"

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    domains: Mapped[list[Any]] = mapped_column(default=list)
    disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class WebhookWatch(Base):
    """What a webhook watches: a repository or account, by ``uid``, which outlives its name."""

    __tablename__ = "webhook_watches"

    webhook_pk: Mapped[int] = mapped_column(
        ForeignKey("webhooks.pk", ondelete="CASCADE"), primary_key=True
    )
    uid: Mapped[str] = mapped_column(String(24), primary_key=True, index=True)
    type: Mapped[str] = mapped_column(String(8))  # dataset | model | org | space | user
    name: Mapped[str] = mapped_column(String(208))


class WebhookDelivery(Base):
    """One message: ``state`` is pending | delivered | failed.

    ``next_at`` is when to try (again). While somebody is trying it lies ahead, so that another
    process tries only if that one never said how it went.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (Index("ix_webhook_deliveries_due", "state", "next_at"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    webhook_pk: Mapped[int] = mapped_column(
        ForeignKey("webhooks.pk", ondelete="CASCADE"), index=True
    )
    repo_uid: Mapped[str] = mapped_column(String(24))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(9), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=utc_now)
    status: Mapped[int | None]  # what the receiver answered last
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
