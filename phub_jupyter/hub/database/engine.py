"""Opens the database, brings its schema up to date and hands out sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.orm import Session, sessionmaker

from phub_jupyter.hub.database.migrations import NEWEST

__all__ = ["Database"]


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
        current = self._schema()
        if current != NEWEST:
            # alembic takes a quarter of a second to load, which every other start can do without.
            from phub_jupyter.hub.database.upgrade import upgrade

            upgrade(self._engine, self.path, current)

    def close(self) -> None:
        """Give all connections back; a closed database can be opened again."""
        self._engine.dispose()

    def _schema(self) -> str | None:
        """The name of the schema in the file; None if it is new."""
        with self._engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found


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
