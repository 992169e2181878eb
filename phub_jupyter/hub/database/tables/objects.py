"""Large files and what they are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = [
    "FileXorb",
    "IndexedChunk",
    "LfsObject",
    "RepoObject",
    "RepoXorb",
    "XetFile",
    "Xorb",
    "XorbPromise",
]


class LfsObject(Base):
    """A whole file in the object store under its SHA-256 (it came by plain LFS).

    The row is there before the file, and no repository refers to it before the file is.
    ``created_at`` is when the content last began to arrive. Clients of Xet know the file by
    ``xet_hash``, as made of ``xorbs`` that are nowhere stored; what came before the hub knew of
    that has neither.
    """

    __tablename__ = "lfs_objects"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    xet_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    xorbs: Mapped[list[Any] | None]
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


class XorbPromise(Base):
    """Until when clients may refer to a xorb without sending it again.

    It is renewed each time a client is told that the hub has the xorb; a table of its own, because
    rows of xorbs are large.
    """

    __tablename__ = "xorb_promises"

    xorb: Mapped[str] = mapped_column(
        ForeignKey("xorbs.hash", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[datetime]


class RepoXorb(Base):
    """Somebody who may upload to this repository has sent the bytes of the xorb."""

    __tablename__ = "repo_xorbs"

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    xorb: Mapped[str] = mapped_column(
        ForeignKey("xorbs.hash", ondelete="CASCADE"), primary_key=True, index=True
    )


class XetFile(Base):
    """A file as a list of xorb ranges; ``segments`` is ``[[xorb, start, end, raw_bytes], …]``."""

    __tablename__ = "xet_files"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    segments: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class FileXorb(Base):
    """A Xet file needs a xorb; the database lets no xorb go that one needs."""

    __tablename__ = "xet_file_xorbs"

    file: Mapped[str] = mapped_column(
        ForeignKey("xet_files.hash", ondelete="CASCADE"), primary_key=True
    )
    xorb: Mapped[str] = mapped_column(ForeignKey("xorbs.hash"), primary_key=True, index=True)


class IndexedChunk(Base):
    """A Xet file has this chunk, one of those that clients ask for to find what they can share."""

    __tablename__ = "indexed_chunks"

    chunk: Mapped[str] = mapped_column(String(64), primary_key=True)
    file: Mapped[str] = mapped_column(
        ForeignKey("xet_files.hash", ondelete="CASCADE"), primary_key=True, index=True
    )


class RepoObject(Base):
    """A large file that was uploaded to this repository, so this repository may serve it.

    Knowing a SHA-256 alone opens nothing: content is only read through a row of this table.
    ``xet_hash`` is set when the bytes are kept as xorbs, else they are an ``LfsObject``.
    ``claimed_at`` is when somebody was last told that they need not upload it again.
    """

    __tablename__ = "repo_objects"
    __table_args__ = (
        UniqueConstraint("repo_pk", "xet_hash"),
        Index("ix_repo_objects_by_sha256", "sha256"),
        Index("ix_repo_objects_by_xet_hash", "xet_hash"),
    )

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    xet_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    claimed_at: Mapped[datetime | None]
