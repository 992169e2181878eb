"""New tables: former names, requests for access, and what was deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "access_requests",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_access_requests_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_access_requests_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_access_requests")),
        sa.UniqueConstraint("repo_pk", "user_pk", name=op.f("uq_access_requests_repo_pk")),
        sa.UniqueConstraint("uid", name=op.f("uq_access_requests_uid")),
    )
    op.create_table(
        "former_names",
        sa.Column("key", sa.String(length=208), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_former_names_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_former_names")),
    )
    op.create_index(
        op.f("ix_access_requests_user_pk"), "access_requests", ["user_pk"], unique=False
    )
    op.create_index(op.f("ix_former_names_repo_pk"), "former_names", ["repo_pk"], unique=False)
    op.create_table(
        "removed_repos",
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_removed_repos")),
    )
