"""New tables: discussions, notifications, attachments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "attachments",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=48), nullable=False),
        sa.Column("owner_pk", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_pk"],
            ["namespaces.pk"],
            name=op.f("fk_attachments_owner_pk_namespaces"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_attachments")),
        sa.UniqueConstraint("uid", name=op.f("uq_attachments_uid")),
    )
    op.create_table(
        "discussions",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("is_pull_request", sa.Boolean(), nullable=False),
        sa.Column("author_pk", sa.Integer(), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("start", sa.String(length=40), nullable=True),
        sa.Column("merge_commit", sa.String(length=40), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_pk"],
            ["namespaces.pk"],
            name=op.f("fk_discussions_author_pk_namespaces"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["repo_pk"], ["repos.pk"], name=op.f("fk_discussions_repo_pk_repos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_discussions")),
        sa.UniqueConstraint("repo_pk", "number", name=op.f("uq_discussions_repo_pk")),
        sa.UniqueConstraint("uid", name=op.f("uq_discussions_uid")),
    )
    op.create_table(
        "watches",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=True),
        sa.Column("namespace_pk", sa.Integer(), nullable=True),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_pk"],
            ["namespaces.pk"],
            name=op.f("fk_watches_namespace_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repo_pk"], ["repos.pk"], name=op.f("fk_watches_repo_pk_repos"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_watches_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_watches")),
        sa.UniqueConstraint("user_pk", "repo_pk", name=op.f("uq_watches_user_pk")),
    )
    op.create_table(
        "discussion_events",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("discussion_pk", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=24), nullable=False),
        sa.Column("author_pk", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_pk"],
            ["namespaces.pk"],
            name=op.f("fk_discussion_events_author_pk_namespaces"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["discussion_pk"],
            ["discussions.pk"],
            name=op.f("fk_discussion_events_discussion_pk_discussions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_discussion_events")),
        sa.UniqueConstraint("uid", name=op.f("uq_discussion_events_uid")),
    )
    op.create_table(
        "notifications",
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("discussion_pk", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["discussion_pk"],
            ["discussions.pk"],
            name=op.f("fk_notifications_discussion_pk_discussions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_notifications_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_pk", "discussion_pk", name=op.f("pk_notifications")),
    )
    op.create_table(
        "comment_versions",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("event_pk", sa.Integer(), nullable=False),
        sa.Column("author_pk", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_pk"],
            ["namespaces.pk"],
            name=op.f("fk_comment_versions_author_pk_namespaces"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["event_pk"],
            ["discussion_events.pk"],
            name=op.f("fk_comment_versions_event_pk_discussion_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_comment_versions")),
    )
    op.create_index(op.f("ix_attachments_owner_pk"), "attachments", ["owner_pk"], unique=False)
    op.create_index(op.f("ix_discussions_author_pk"), "discussions", ["author_pk"], unique=False)
    op.create_index(op.f("ix_watches_namespace_pk"), "watches", ["namespace_pk"], unique=False)
    op.create_index("ix_watches_of_namespaces", "watches", ["user_pk", "namespace_pk"], unique=True)
    op.create_index(op.f("ix_watches_repo_pk"), "watches", ["repo_pk"], unique=False)
    op.create_index(
        op.f("ix_discussion_events_author_pk"), "discussion_events", ["author_pk"], unique=False
    )
    op.create_index(
        op.f("ix_discussion_events_discussion_pk"),
        "discussion_events",
        ["discussion_pk"],
        unique=False,
    )
    op.create_index(
        op.f("ix_notifications_discussion_pk"), "notifications", ["discussion_pk"], unique=False
    )
    op.create_index(
        "ix_notifications_of_users", "notifications", ["user_pk", "updated_at"], unique=False
    )
    op.create_index(
        op.f("ix_comment_versions_author_pk"), "comment_versions", ["author_pk"], unique=False
    )
    op.create_index(
        op.f("ix_comment_versions_event_pk"), "comment_versions", ["event_pk"], unique=False
    )
