"""New tables: words, links between cards, downloads by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["create"]


def create() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "terms",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_terms")),
        sa.UniqueConstraint("text", name=op.f("uq_terms_text")),
    )
    op.create_table(
        "card_links",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"], ["repos.pk"], name=op.f("fk_card_links_repo_pk_repos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_pk", "target", name=op.f("pk_card_links")),
    )
    op.create_table(
        "daily_downloads",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_daily_downloads_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repo_pk", "day", name=op.f("pk_daily_downloads")),
    )
    op.create_index("ix_card_links_of_repos", "card_links", ["target", "repo_pk"], unique=False)
    op.create_index(op.f("ix_daily_downloads_day"), "daily_downloads", ["day"], unique=False)
