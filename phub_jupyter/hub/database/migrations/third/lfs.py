"""New tables: locks, who pushed, and what was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "erased_objects",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_erased_objects_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repo_pk", "sha256", name=op.f("pk_erased_objects")),
    )
    op.create_table(
        "file_locks",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_digest", sa.String(length=64), nullable=False),
        sa.Column("owner_pk", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_pk"],
            ["namespaces.pk"],
            name=op.f("fk_file_locks_owner_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repo_pk"], ["repos.pk"], name=op.f("fk_file_locks_repo_pk_repos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_file_locks")),
        sa.UniqueConstraint("repo_pk", "path_digest", name=op.f("uq_file_locks_repo_pk")),
        sa.UniqueConstraint("uid", name=op.f("uq_file_locks_uid")),
    )
    op.create_table(
        "pushed_commits",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("oid", sa.String(length=40), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_pushed_commits_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_pushed_commits_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repo_pk", "oid", name=op.f("pk_pushed_commits")),
    )
    op.create_index(op.f("ix_file_locks_owner_pk"), "file_locks", ["owner_pk"], unique=False)
    op.create_index(op.f("ix_pushed_commits_user_pk"), "pushed_commits", ["user_pk"], unique=False)
