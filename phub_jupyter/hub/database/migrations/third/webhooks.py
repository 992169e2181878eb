"""New tables: webhooks and their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "webhooks",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("domains", sa.JSON(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_webhooks_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("uid", name=op.f("uq_webhooks_uid")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("webhook_pk", sa.Integer(), nullable=False),
        sa.Column("repo_uid", sa.String(length=24), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_pk"],
            ["webhooks.pk"],
            name=op.f("fk_webhook_deliveries_webhook_pk_webhooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("uid", name=op.f("uq_webhook_deliveries_uid")),
    )
    op.create_table(
        "webhook_watches",
        sa.Column("webhook_pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=208), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_pk"],
            ["webhooks.pk"],
            name=op.f("fk_webhook_watches_webhook_pk_webhooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webhook_pk", "uid", name=op.f("pk_webhook_watches")),
    )
    op.create_index(op.f("ix_webhooks_user_pk"), "webhooks", ["user_pk"], unique=False)
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["state", "next_at"], unique=False
    )
    op.create_index(
        op.f("ix_webhook_deliveries_webhook_pk"), "webhook_deliveries", ["webhook_pk"], unique=False
    )
    op.create_index(op.f("ix_webhook_watches_uid"), "webhook_watches", ["uid"], unique=False)
