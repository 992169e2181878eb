"""New tables: followers and logins of programs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "device_logins",
        sa.Column("device_digest", sa.String(length=64), nullable=False),
        sa.Column("user_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=True),
        sa.Column("polled_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_device_logins_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_digest", name=op.f("pk_device_logins")),
        sa.UniqueConstraint("user_digest", name=op.f("uq_device_logins_user_digest")),
    )
    op.create_table(
        "follows",
        sa.Column("follower_pk", sa.Integer(), nullable=False),
        sa.Column("followed_pk", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["followed_pk"],
            ["namespaces.pk"],
            name=op.f("fk_follows_followed_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["follower_pk"],
            ["namespaces.pk"],
            name=op.f("fk_follows_follower_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("follower_pk", "followed_pk", name=op.f("pk_follows")),
    )
    op.create_table(
        "logins",
        sa.Column("refresh_digest", sa.String(length=64), nullable=False),
        sa.Column("token_pk", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_pk"], ["tokens.pk"], name=op.f("fk_logins_token_pk_tokens"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("refresh_digest", name=op.f("pk_logins")),
        sa.UniqueConstraint("token_pk", name=op.f("uq_logins_token_pk")),
    )
    op.create_index(
        op.f("ix_device_logins_expires_at"), "device_logins", ["expires_at"], unique=False
    )
    op.create_index(op.f("ix_follows_followed_pk"), "follows", ["followed_pk"], unique=False)
