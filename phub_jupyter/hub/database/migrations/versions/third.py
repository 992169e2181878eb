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
    op.execute(  # SQLite adds a foreign key together with its column or not at all
        "ALTER TABLE repos ADD COLUMN resource_group_pk INTEGER "
        "CONSTRAINT fk_repos_resource_group_pk_resource_groups "
        "REFERENCES resource_groups (pk) ON DELETE SET NULL"
    )
    op.create_index(op.f("ix_repos_resource_group_pk"), "repos", ["resource_group_pk"])
    op.add_column(
        "tokens",
        sa.Column("reads_gated", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
