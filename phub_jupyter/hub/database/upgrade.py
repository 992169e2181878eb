"""Upgrades an older database by Alembic; a database in a file is copied first.

Either all of an upgrade is there or nothing of it, whenever the process is killed: both kinds of
database undo changes of the schema together with the transaction.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from phub_jupyter.errors import StorageError
from phub_jupyter.hub.database.migrations import NEWEST
from phub_jupyter.hub.database.sqlite import back_up, file_of

__all__ = ["MIGRATIONS", "upgrade"]

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest; of several processes that start at once, one does it.

    Raises StorageError if this release does not know the schema, because a newer one wrote it.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.execution_options(phub_write=True).begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == NEWEST:
            return
        if current is not None:
            _check_known(connection, current)
            if connection.dialect.name == "sqlite":
                back_up(file_of(engine.url), current)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _check_known(connection: Connection, current: str) -> None:
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if current not in known:
        url = connection.engine.url.render_as_string(hide_password=True)
        raise StorageError(
            f"The database {url} was written by a newer release (schema '{current}'); "
            "install that release or restore a backup."
        )
