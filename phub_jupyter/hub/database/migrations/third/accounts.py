"""New tables: resource groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "resource_groups",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("org_pk", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_pk"],
            ["namespaces.pk"],
            name=op.f("fk_resource_groups_org_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_resource_groups")),
        sa.UniqueConstraint("org_pk", "name", name=op.f("uq_resource_groups_org_pk")),
        sa.UniqueConstraint("uid", name=op.f("uq_resource_groups_uid")),
    )
    op.create_table(
        "group_members",
        sa.Column("group_pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_pk"],
            ["resource_groups.pk"],
            name=op.f("fk_group_members_group_pk_resource_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_group_members_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_pk", "user_pk", name=op.f("pk_group_members")),
    )
    op.create_index(op.f("ix_resource_groups_org_pk"), "resource_groups", ["org_pk"], unique=False)
    op.create_index(op.f("ix_group_members_user_pk"), "group_members", ["user_pk"], unique=False)
