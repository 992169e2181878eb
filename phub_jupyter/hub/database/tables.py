"""Every table of the hub's database, in one place.

Git references are the truth for content; these tables are the truth for everything else, and an
index over the content that can be rebuilt from the repositories at any time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

__all__ = [
    "Base",
    "LfsObject",
    "Like",
    "Member",
    "Namespace",
    "Repo",
    "RepoObject",
    "RepoTag",
    "Setting",
    "Token",
    "UtcDateTime",
    "XetFile",
    "Xorb",
    "utc_now",
]


def utc_now() -> datetime:
    """Now, aware and in UTC, as every time stamp of the hub is."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time stamp, also on databases that keep no time zone (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables; names constraints so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}


class Setting(Base):
    """Facts about this deployment, for example its id, which is part of the CAS address."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


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
    ``{"type", "id", "rights": ["read"|"write"]}`` where ``id`` is the repository's ``uid``.
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
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Repo(Base):
    """A repository and what its card says. ``key`` is ``type/namespace/name`` in lower case.

    Columns from ``head`` on are the index over the content of ``refs/heads/main``.
    """

    __tablename__ = "repos"

    pk: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(24), unique=True)
    key: Mapped[str] = mapped_column(String(208), unique=True)
    type: Mapped[str] = mapped_column(String(8), index=True)
    namespace_pk: Mapped[int] = mapped_column(ForeignKey("namespaces.pk"), index=True)
    namespace: Mapped[str] = mapped_column(String(96))
    name: Mapped[str] = mapped_column(String(96))
    private: Mapped[bool] = mapped_column(Boolean, default=False)
    created_by: Mapped[int] = mapped_column(ForeignKey("namespaces.pk"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    likes: Mapped[int] = mapped_column(default=0)
    downloads: Mapped[int] = mapped_column(default=0)
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


class RepoTag(Base):
    """One tag of a repository's card, for filters (``language:en``, ``license:mit``, …)."""

    __tablename__ = "repo_tags"

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)


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


class LfsObject(Base):
    """A whole file in the object store under its SHA-256 (it came by plain LFS)."""

    __tablename__ = "lfs_objects"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Xorb(Base):
    """A xorb in the object store, with what its chunks are.

    ``chunk_hashes`` holds 32 raw bytes a chunk, ``raw_lengths`` and ``ends`` one little-endian u32
    a chunk: its uncompressed length, and the offset behind it in the serialized xorb.
    """

    __tablename__ = "xorbs"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    raw_size: Mapped[int] = mapped_column(BigInteger)
    chunk_hashes: Mapped[bytes] = mapped_column(LargeBinary)
    raw_lengths: Mapped[bytes] = mapped_column(LargeBinary)
    ends: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class XetFile(Base):
    """A file as a list of xorb ranges; ``segments`` is ``[[xorb, start, end, raw_bytes], …]``."""

    __tablename__ = "xet_files"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    segments: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class RepoObject(Base):
    """A large file that was uploaded to this repository, so this repository may serve it.

    Knowing a SHA-256 alone opens nothing: content is only read through a row of this table.
    ``xet_hash`` is set when the bytes are kept as xorbs, else they are an ``LfsObject``.
    """

    __tablename__ = "repo_objects"
    __table_args__ = (UniqueConstraint("repo_pk", "xet_hash"),)

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    xet_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
