"""Opens the database, brings its schema up to date and hands out sessions."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from phub_jupyter.errors import StorageError

__all__ = ["Database"]

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One SQLite file in WAL mode; a commit that returned has reached the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        event.listen(self._engine, "connect", _configure_sqlite)
        event.listen(self._engine, "begin", _begin_transaction)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that only reads."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a transaction that holds the write lock from its start: committed as a whole."""
        with self._sessions() as session:
            session.connection(execution_options={"phub_write": True})
            yield session
            session.commit()

    def migrate(self) -> None:
        """Bring an older schema up to date, after a copy of the file.

        Raises StorageError when the database was written by a newer release of the hub.
        """
        scripts = ScriptDirectory(str(_MIGRATIONS))
        newest = scripts.get_current_head()
        with self._engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if current == newest:
            return
        if current is not None:
            if current not in {script.revision for script in scripts.walk_revisions()}:
                raise StorageError(
                    f"The database {self.path} was written by a newer release (schema "
                    f"'{current}'); install that release or restore a backup."
                )
            self._back_up(current)
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self._engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Give all connections back; a closed database can be opened again."""
        self._engine.dispose()

    def _back_up(self, revision: str) -> None:
        copy = self.path.with_name(f"{self.path.name}.before-{revision}")
        partial = copy.with_name(copy.name + ".partial")
        with sqlite3.connect(self.path) as source, sqlite3.connect(partial) as target:
            source.backup(target)
        shutil.move(partial, copy)


def _configure_sqlite(connection: Any, record: Any) -> None:
    # The driver's own transaction control would start writing late and cannot roll back DDL.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_transaction(connection: Any) -> None:
    immediate = connection.get_execution_options().get("phub_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
