"""New tables: what xorbs are needed for, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "indexed_chunks",
        sa.Column("chunk", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["file"],
            ["xet_files.hash"],
            name=op.f("fk_indexed_chunks_file_xet_files"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("chunk", "file", name=op.f("pk_indexed_chunks")),
    )
    op.create_table(
        "xet_file_xorbs",
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("xorb", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["file"],
            ["xet_files.hash"],
            name=op.f("fk_xet_file_xorbs_file_xet_files"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["xorb"], ["xorbs.hash"], name=op.f("fk_xet_file_xorbs_xorb_xorbs")
        ),
        sa.PrimaryKeyConstraint("file", "xorb", name=op.f("pk_xet_file_xorbs")),
    )
    op.create_table(
        "xorb_promises",
        sa.Column("xorb", sa.String(length=64), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["xorb"], ["xorbs.hash"], name=op.f("fk_xorb_promises_xorb_xorbs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("xorb", name=op.f("pk_xorb_promises")),
    )
    op.create_table(
        "repo_xorbs",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("xorb", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"], ["repos.pk"], name=op.f("fk_repo_xorbs_repo_pk_repos"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["xorb"], ["xorbs.hash"], name=op.f("fk_repo_xorbs_xorb_xorbs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_pk", "xorb", name=op.f("pk_repo_xorbs")),
    )
    op.create_index(op.f("ix_indexed_chunks_file"), "indexed_chunks", ["file"], unique=False)
    op.create_index(op.f("ix_xet_file_xorbs_xorb"), "xet_file_xorbs", ["xorb"], unique=False)
    op.create_index(op.f("ix_repo_xorbs_xorb"), "repo_xorbs", ["xorb"], unique=False)
