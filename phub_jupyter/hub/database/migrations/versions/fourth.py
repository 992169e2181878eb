"""What models scored on datasets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "fourth"
down_revision = "third"

_SHORT = ("dataset_commit", "model_commit", "date")
_TEXTS = ("source_url", "source_name", "notes", "verify_token")


def upgrade() -> None:
    op.create_table(
        "eval_results",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("dataset_key", sa.String(length=208), nullable=False),
        sa.Column("dataset", sa.String(length=208), nullable=False),
        sa.Column("task_id", sa.String(length=255), nullable=False),
        *(
            sa.Column(name, sa.String(length=127), nullable=False)
            for name in ("task", "metric", "split")
        ),
        sa.Column("value", sa.Double(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("stderr", "low", "high")),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.String(length=64), nullable=False) for name in _SHORT),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_eval_results_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_eval_results")),
    )
    op.create_index(op.f("ix_eval_results_repo_pk"), "eval_results", ["repo_pk"], unique=False)
    op.create_index(
        "ix_eval_results_of_datasets",
        "eval_results",
        ["dataset_key", "task_id", "repo_pk"],
        unique=False,
    )
    # A row whose head is not that of git is read again when the hub opens.
    op.execute("UPDATE repos SET head = NULL WHERE type = 'model'")


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
