"""Gated repositories, former names, resource groups, and whatever else came with the contract."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.migrations.third import (
    accounts,
    buckets,
    catalog,
    collections,
    community,
    lfs,
    objects,
    people,
    repositories,
    webhooks,
)

revision = "third"
down_revision = "second"

_NEW = (
    accounts,  # the others refer to its groups
    repositories,
    objects,
    lfs,
    buckets,
    catalog,
    collections,
    community,
    people,
    webhooks,
)


def upgrade() -> None:
    for noun in _NEW:
        noun.create()
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
    _change_objects()
    _change_catalog()


def _change_objects() -> None:
    """Say of each Xet file which xorbs it needs, and of each repository's file when it was used."""
    op.add_column(
        "repo_objects", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index("ix_repo_objects_by_sha256", "repo_objects", ["sha256"])
    op.create_index("ix_repo_objects_by_xet_hash", "repo_objects", ["xet_hash"])
    connection = op.get_bind()
    xorbs = set(connection.scalars(sa.text("SELECT hash FROM xorbs")))
    files = sa.table("xet_files", sa.column("hash"), sa.column("segments", sa.JSON()))
    rows = [
        {"file": name, "xorb": xorb}
        for name, segments in connection.execute(sa.select(files.c.hash, files.c.segments))
        for xorb in {segment[0] for segment in segments} & xorbs
    ]
    if rows:
        connection.execute(
            sa.insert(sa.table("xet_file_xorbs", sa.column("file"), sa.column("xorb"))), rows
        )


def _change_catalog() -> None:
    """Make room for sorted walks, typing errors, and downloads by day."""
    op.add_column("repos", sa.Column("trending", sa.Float(), nullable=False, server_default="0"))
    op.add_column(
        "repos",
        sa.Column("downloads_all_time", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute("UPDATE repos SET downloads_all_time = downloads")
    for column in ("updated_at", "type"):
        op.drop_index(op.f(f"ix_repos_{column}"), "repos")
    for column in ("trending", "updated_at", "created_at", "likes", "downloads"):
        decides = ["pk", "type", "private", "namespace_pk", "key"]
        op.create_index(f"ix_repos_by_{column}", "repos", [column, *decides])
    op.add_column("repo_tags", sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index(op.f("ix_repo_tags_tag"), "repo_tags")
    op.create_index("ix_repo_tags_of_repos", "repo_tags", ["tag", "repo_pk"])
    if op.get_bind().dialect.name == "sqlite":
        for table, column in (("repo_names", "name"), ("term_parts", "term")):
            op.execute(f"CREATE VIRTUAL TABLE {table} USING fts5({column}, tokenize = 'trigram')")
    else:
        _make_postgres_text()
    # A row whose head is not that of git is read again when the hub opens.
    op.execute("UPDATE repos SET head = NULL")


def _make_postgres_text() -> None:
    """What SQLite has as virtual tables: words, parts of names, and words that look alike."""
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(
        "CREATE TABLE repo_text ("
        "repo_pk INTEGER PRIMARY KEY REFERENCES repos (pk) ON DELETE CASCADE, "
        "name TEXT NOT NULL, named TSVECTOR NOT NULL, body TSVECTOR NOT NULL, "
        "words TSVECTOR NOT NULL GENERATED ALWAYS AS (named || body) STORED)"
    )
    op.execute("CREATE INDEX repo_text_words ON repo_text USING gin (words)")
    op.execute("CREATE INDEX repo_text_name ON repo_text USING gin (name gin_trgm_ops)")
    op.execute("CREATE INDEX terms_text ON terms USING gin (lower(text) gin_trgm_ops)")


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
