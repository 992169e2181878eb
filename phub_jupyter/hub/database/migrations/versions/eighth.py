"""Spaces whose app is open while everything else of them is private."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "eighth"
down_revision = "seventh"


def upgrade() -> None:
    op.add_column(
        "repos", sa.Column("protected", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
