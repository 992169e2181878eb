"""Apps that people sign in to with the hub, and jobs of a CI that may publish."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "seventh"
down_revision = "sixth"


def upgrade() -> None:
    _create_apps()
    _create_logins()
    _create_publishers()
    _extend_tokens()


def _create_apps() -> None:
    op.create_table(
        "apps",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("owner_pk", sa.Integer(), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("secret_digest", sa.String(length=64), nullable=True),
        sa.Column("redirect_uris", sa.JSON(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("token_minutes", sa.Integer(), nullable=False),
        _time("created_at"),
        _of("apps", "owner_pk", "namespaces"),
        _of("apps", "repo_pk", "repos"),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_apps")),
        sa.UniqueConstraint("client_id", name=op.f("uq_apps_client_id")),
        sa.UniqueConstraint("repo_pk", name=op.f("uq_apps_repo_pk")),
    )
    op.create_index(op.f("ix_apps_owner_pk"), "apps", ["owner_pk"], unique=False)


def _create_logins() -> None:
    op.create_table(
        "app_logins",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("app_pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        _time("code_expires_at"),
        sa.Column("code_used", sa.Boolean(), nullable=False),
        sa.Column("redirect_uri", sa.String(length=2000), nullable=False),
        sa.Column("challenge", sa.String(length=64), nullable=True),
        sa.Column("nonce", sa.String(length=512), nullable=True),
        _time("created_at"),
        _time("expires_at"),
        _of("app_logins", "app_pk", "apps"),
        _of("app_logins", "user_pk", "namespaces"),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_app_logins")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_app_logins_code_digest")),
    )
    for column in ("app_pk", "user_pk", "expires_at"):
        op.create_index(op.f(f"ix_app_logins_{column}"), "app_logins", [column], unique=False)
    op.create_table(
        "app_refreshes",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("login_pk", sa.Integer(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        _of("app_refreshes", "login_pk", "app_logins"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_app_refreshes")),
    )
    op.create_index(op.f("ix_app_refreshes_login_pk"), "app_refreshes", ["login_pk"], unique=False)


def _create_publishers() -> None:
    op.create_table(
        "trusted_publishers",
        sa.Column("pk", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=24), nullable=False),
        sa.Column("repo_pk", sa.Integer(), nullable=False),
        sa.Column("user_pk", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=512), nullable=False),
        sa.Column("claims", sa.JSON(), nullable=False),
        _time("created_at"),
        _time("last_used_at", nullable=True),
        sa.Column("last_subject", sa.String(length=512), nullable=True),
        _of("trusted_publishers", "repo_pk", "repos"),
        _of("trusted_publishers", "user_pk", "namespaces"),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_trusted_publishers")),
        sa.UniqueConstraint("uid", name=op.f("uq_trusted_publishers_uid")),
    )
    for column in ("repo_pk", "user_pk"):
        name = op.f(f"ix_trusted_publishers_{column}")
        op.create_index(name, "trusted_publishers", [column], unique=False)
    op.create_table(
        "subject_uses",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_subject_uses")),
    )
    op.create_index(op.f("ix_subject_uses_expires_at"), "subject_uses", ["expires_at"])


def _extend_tokens() -> None:
    for column, table in (("login_pk", "app_logins"), ("publisher_pk", "trusted_publishers")):
        op.execute(  # SQLite adds a foreign key together with its column or not at all
            f"ALTER TABLE tokens ADD COLUMN {column} INTEGER "
            f"CONSTRAINT fk_tokens_{column}_{table} REFERENCES {table} (pk) ON DELETE CASCADE"
        )
        op.create_index(op.f(f"ix_tokens_{column}"), "tokens", [column])


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.pk"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete="CASCADE"
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that the upgrade made.")
