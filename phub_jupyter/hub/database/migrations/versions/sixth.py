"""How often, how much and how fast models are called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "sixth"
down_revision = "fifth"

_COUNTS = ("answered", "refused", "overloaded", "failed", "abandoned", "tokens_in", "tokens_out")


def upgrade() -> None:
    op.create_table(
        "model_usage",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=True),
        sa.Column("token_pk", sa.Integer(), nullable=True),
        sa.Column("token_name", sa.String(length=255), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("latencies", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_model_usage_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_model_usage_user_pk_namespaces"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_model_usage")),
    )
    op.create_index("ix_model_usage_of_repos", "model_usage", ["repo_pk", "day"], unique=False)
    op.create_index(op.f("ix_model_usage_user_pk"), "model_usage", ["user_pk"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
