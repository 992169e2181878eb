"""Upgrades an older database by Alembic, after a copy of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from phub_jupyter.errors import StorageError

__all__ = ["MIGRATIONS", "upgrade"]

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, path: Path, current: str | None) -> None:
    """Bring the schema ``current`` of the database in ``path`` to the newest.

    Raises StorageError if this release does not know that schema, because a newer one wrote it.
    """
    if current is not None:
        known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
        if current not in known:
            raise StorageError(
                f"The database {path} was written by a newer release (schema '{current}'); "
                "install that release or restore a backup."
            )
        _back_up(path, current)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _back_up(path: Path, schema: str) -> None:
    copy = path.with_name(f"{path.name}.before-{schema}")
    partial = copy.with_name(f"{copy.name}.partial")
    with sqlite3.connect(path) as source, sqlite3.connect(partial) as target:
        source.backup(target)
    partial.replace(copy)
