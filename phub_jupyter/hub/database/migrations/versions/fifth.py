"""As what Xet clients know whole files; evaluations that the hub computes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

revision = "fifth"
down_revision = "fourth"


def upgrade() -> None:
    op.add_column("lfs_objects", sa.Column("xet_hash", sa.String(length=64), nullable=True))
    op.add_column("lfs_objects", sa.Column("xorbs", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_lfs_objects_xet_hash"), "lfs_objects", ["xet_hash"], unique=False)
    _evaluation_jobs()


def _evaluation_jobs() -> None:
    op.create_table(
        "evaluation_jobs",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("settings", "models", "dataset")),
        sa.Column("push", sa.Boolean(), nullable=False),
        sa.Column("pushed", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        *(sa.Column(name, UtcDateTime(), nullable=True) for name in ("started_at", "ended_at")),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_evaluation_jobs_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_evaluation_jobs")),
        sa.UniqueConstraint("uid", name=op.f("uq_evaluation_jobs_uid")),
    )
    for column in ("user_pk", "status"):
        op.create_index(
            op.f(f"ix_evaluation_jobs_{column}"), "evaluation_jobs", [column], unique=False
        )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
