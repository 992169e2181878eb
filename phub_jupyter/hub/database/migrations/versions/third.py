"""Gated repositories, former names, resource groups, and whatever else came with the contract."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import Base

revision = "third"
down_revision = "second"


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind())
    op.add_column("repos", sa.Column("gated", sa.String(length=8), nullable=True))
    op.add_column("repos", sa.Column("resource_group_pk", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_repos_resource_group_pk"), "repos", ["resource_group_pk"])
    op.add_column(
        "tokens",
        sa.Column("reads_gated", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
