"""New tables: the files of buckets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "bucket_files",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column(
            "path",
            sa.String(length=1024).with_variant(
                sa.String(length=1024, collation="C"), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("xet_hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=True),
        sa.Column("mtime", UtcDateTime(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_bucket_files_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repo_pk", "path", name=op.f("pk_bucket_files")),
    )
