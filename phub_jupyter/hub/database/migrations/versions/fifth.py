"""As what Xet clients know whole files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "fifth"
down_revision = "fourth"


def upgrade() -> None:
    op.add_column("lfs_objects", sa.Column("xet_hash", sa.String(length=64), nullable=True))
    op.add_column("lfs_objects", sa.Column("xorbs", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_lfs_objects_xet_hash"), "lfs_objects", ["xet_hash"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
