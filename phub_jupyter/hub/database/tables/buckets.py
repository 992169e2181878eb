"""What is in buckets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from phub_jupyter.hub.database.tables.base import Base, utc_now

__all__ = ["BucketFile"]

# A listing goes along the paths byte by byte, whatever the language of the database is.
_PATH = String(1024).with_variant(String(1024, collation="C"), "postgresql")


class BucketFile(Base):
    """A file of a bucket, which is a row of ``repos`` without a git repository.

    Its content is that of the bucket's ``RepoObject`` with the same SHA-256; an empty file has
    none. ``xet_hash`` is the one under which it was added.
    """

    __tablename__ = "bucket_files"

    repo_pk: Mapped[int] = mapped_column(
        ForeignKey("repos.pk", ondelete="CASCADE"), primary_key=True
    )
    path: Mapped[str] = mapped_column(_PATH, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    xet_hash: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str | None] = mapped_column(String(255))
    mtime: Mapped[datetime]
    uploaded_at: Mapped[datetime] = mapped_column(default=utc_now)
