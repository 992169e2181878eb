"""New tables: collections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "collections",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("namespace_pk", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("theme", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("upvotes", sa.Integer(), nullable=False),
        sa.Column("resource_group_pk", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["namespaces.pk"], name=op.f("fk_collections_created_by_namespaces")
        ),
        sa.ForeignKeyConstraint(
            ["namespace_pk"],
            ["namespaces.pk"],
            name=op.f("fk_collections_namespace_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resource_group_pk"],
            ["resource_groups.pk"],
            name=op.f("fk_collections_resource_group_pk_resource_groups"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_collections")),
        sa.UniqueConstraint("namespace_pk", "title", name=op.f("uq_collections_namespace_pk")),
        sa.UniqueConstraint("uid", name=op.f("uq_collections_uid")),
    )
    op.create_table(
        "collection_items",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("collection_pk", sa.Integer(), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=True),
        sa.Column("child_pk", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_pk"],
            ["collections.pk"],
            name=op.f("fk_collection_items_child_pk_collections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["collection_pk"],
            ["collections.pk"],
            name=op.f("fk_collection_items_collection_pk_collections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_collection_items_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_collection_items")),
        sa.UniqueConstraint("collection_pk", "child_pk", name="uq_collection_items_child"),
        sa.UniqueConstraint(
            "collection_pk", "repo_pk", name=op.f("uq_collection_items_collection_pk")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_collection_items_uid")),
    )
    op.create_table(
        "collection_upvotes",
        sa.Column("collection_pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_pk"],
            ["collections.pk"],
            name=op.f("fk_collection_upvotes_collection_pk_collections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_collection_upvotes_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_pk", "user_pk", name=op.f("pk_collection_upvotes")),
    )
    op.create_index(
        "ix_collections_by_updated_at", "collections", ["updated_at", "pk"], unique=False
    )
    op.create_index(
        op.f("ix_collections_resource_group_pk"), "collections", ["resource_group_pk"], unique=False
    )
    op.create_index(
        op.f("ix_collection_items_child_pk"), "collection_items", ["child_pk"], unique=False
    )
    op.create_index(
        op.f("ix_collection_items_collection_pk"),
        "collection_items",
        ["collection_pk"],
        unique=False,
    )
    op.create_index(
        op.f("ix_collection_items_repo_pk"), "collection_items", ["repo_pk"], unique=False
    )
