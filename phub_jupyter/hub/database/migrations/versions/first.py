"""The first schema: accounts, repositories, the index over their cards, large files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from phub_jupyter.hub.database.tables import UtcDateTime

revision = "first"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "lfs_objects",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_lfs_objects")),
    )
    op.create_table(
        "namespaces",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("fullname", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_namespaces")),
        sa.UniqueConstraint("key", name=op.f("uq_namespaces_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_namespaces_uid")),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "xet_files",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_xet_files")),
    )
    op.create_index(op.f("ix_xet_files_sha256"), "xet_files", ["sha256"], unique=False)
    op.create_table(
        "xorbs",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("raw_size", sa.BigInteger(), nullable=False),
        sa.Column("chunk_hashes", sa.LargeBinary(), nullable=False),
        sa.Column("raw_lengths", sa.LargeBinary(), nullable=False),
        sa.Column("ends", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_xorbs")),
    )
    op.create_table(
        "members",
        sa.Column("org_pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_pk"],
            ["namespaces.pk"],
            name=op.f("fk_members_org_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_members_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("org_pk", "user_pk", name=op.f("pk_members")),
    )
    op.create_index(op.f("ix_members_user_pk"), "members", ["user_pk"], unique=False)
    op.create_table(
        "repos",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=208), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("namespace_pk", sa.Integer(), nullable=False),
        sa.Column("namespace", sa.String(length=96), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("likes", sa.Integer(), nullable=False),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.Column("sdk", sa.String(length=32), nullable=True),
        sa.Column("head", sa.String(length=40), nullable=True),
        sa.Column("card_data", sa.JSON(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("pipeline_tag", sa.String(length=64), nullable=True),
        sa.Column("library_name", sa.String(length=64), nullable=True),
        sa.Column("license", sa.String(length=64), nullable=True),
        sa.Column("used_storage", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["namespaces.pk"], name=op.f("fk_repos_created_by_namespaces")
        ),
        sa.ForeignKeyConstraint(
            ["namespace_pk"], ["namespaces.pk"], name=op.f("fk_repos_namespace_pk_namespaces")
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_repos")),
        sa.UniqueConstraint("key", name=op.f("uq_repos_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_repos_uid")),
    )
    op.create_index(op.f("ix_repos_library_name"), "repos", ["library_name"], unique=False)
    op.create_index(op.f("ix_repos_namespace_pk"), "repos", ["namespace_pk"], unique=False)
    op.create_index(op.f("ix_repos_pipeline_tag"), "repos", ["pipeline_tag"], unique=False)
    op.create_index(op.f("ix_repos_type"), "repos", ["type"], unique=False)
    op.create_index(op.f("ix_repos_updated_at"), "repos", ["updated_at"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_tokens_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_index(op.f("ix_tokens_user_pk"), "tokens", ["user_pk"], unique=False)
    op.create_table(
        "likes",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"], ["repos.pk"], name=op.f("fk_likes_repo_pk_repos"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_pk"],
            ["namespaces.pk"],
            name=op.f("fk_likes_user_pk_namespaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repo_pk", "user_pk", name=op.f("pk_likes")),
    )
    op.create_table(
        "repo_objects",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("xet_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"],
            ["repos.pk"],
            name=op.f("fk_repo_objects_repo_pk_repos"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repo_pk", "sha256", name=op.f("pk_repo_objects")),
        sa.UniqueConstraint("repo_pk", "xet_hash", name=op.f("uq_repo_objects_repo_pk")),
    )
    op.create_table(
        "repo_tags",
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["repo_pk"], ["repos.pk"], name=op.f("fk_repo_tags_repo_pk_repos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repo_pk", "tag", name=op.f("pk_repo_tags")),
    )
    op.create_index(op.f("ix_repo_tags_tag"), "repo_tags", ["tag"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE repo_text USING fts5("
            "repo_id, card, tags, tokenize = \"unicode61 tokenchars '-_'\", prefix = '2 3')"
        )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
