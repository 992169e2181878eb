"""Apps that people sign in to with the hub, their sign-ins, and jobs that may publish."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["App", "AppLogin", "AppRefresh", "SubjectUse", "TrustedPublisher"]


class App(Base):
    """A program that may send people here to sign in; a client of OAuth 2.0.

    ``secret_digest`` is None for a program that cannot keep a secret. ``scopes`` is the most that
    it may ask for. ``repo_pk`` is set for the app of a Space: that one is answered at any path of
    where it runs, and has no ``redirect_uris``.
    """

    __tablename__ = "apps"

    pk: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(String(36), unique=True)
    owner_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    repo_pk: Mapped[int | None] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), unique=True
    )
    name: Mapped[str] = mapped_column(String(96))
    secret_digest: Mapped[str | None] = mapped_column(String(64))
    redirect_uris: Mapped[list[Any]] = mapped_column(default=list)
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    token_minutes: Mapped[int] = mapped_column(default=480)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class AppLogin(Base):
    """A person let an app in: the code for that, and what became of it.

    The code is good once; a second use of it, or of a token that renews, ends the whole login.
    ``rights`` are repositories that the app created, as the scopes of a token have them.
    """

    __tablename__ = "app_logins"

    pk: Mapped[int] = mapped_column(primary_key=True)
    app_pk: Mapped[int] = mapped_column(ForeignKey("apps.pk", ondelete="CASCADE"), index=True)
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    rights: Mapped[list[Any]] = mapped_column(default=list)
    code_digest: Mapped[str] = mapped_column(String(64), unique=True)
    code_expires_at: Mapped[datetime]
    code_used: Mapped[bool] = mapped_column(Boolean, default=False)
    redirect_uri: Mapped[str] = mapped_column(String(2000))
    challenge: Mapped[str | None] = mapped_column(String(64))
    nonce: Mapped[str | None] = mapped_column(String(512))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AppRefresh(Base):
    """What renews the tokens of a login, once; the used ones are kept to notice a thief."""

    __tablename__ = "app_refreshes"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    login_pk: Mapped[int] = mapped_column(
        ForeignKey("app_logins.pk", ondelete="CASCADE"), index=True
    )
    used: Mapped[bool] = mapped_column(Boolean, default=False)


class TrustedPublisher(Base):
    """Jobs of a CI that may write one repository: those of ``issuer`` with all these ``claims``.

    They act for who set this up, ``user_pk``, and no longer than that person may write there.
    """

    __tablename__ = "trusted_publishers"

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    repo_pk: Mapped[int] = mapped_column(ForeignKey("repos.pk", ondelete="CASCADE"), index=True)
    user_pk: Mapped[int] = mapped_column(
        ForeignKey("namespaces.pk", ondelete="CASCADE"), index=True
    )
    issuer: Mapped[str] = mapped_column(String(512))
    claims: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime | None]
    last_subject: Mapped[str | None] = mapped_column(String(512))


class SubjectUse(Base):
    """How often the id token of one job was exchanged; forgotten when that token is over."""

    __tablename__ = "subject_uses"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    uses: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)
