"""File names and numbers of parameters, for lists; words of names found one by one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "second"
down_revision = "first"


def upgrade() -> None:
    op.add_column("repos", sa.Column("parameters", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("repos", sa.Column("parameter_count", sa.BigInteger(), nullable=True))
    op.add_column("repos", sa.Column("files", sa.JSON(), nullable=False, server_default="[]"))
    if op.get_bind().dialect.name == "sqlite":
        # unicode61 by itself takes "-" and "_" for spaces: "minilm" finds "sentiment-minilm".
        op.execute("DROP TABLE repo_text")
        op.execute(
            "CREATE VIRTUAL TABLE repo_text USING fts5("
            "repo_id, card, tags, tokenize = 'unicode61', prefix = '2 3')"
        )
    # A row whose head is not that of git is read again when the hub opens.
    op.execute("UPDATE repos SET head = NULL")


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
