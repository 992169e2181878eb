"""SQLite, one file in WAL mode: the database that needs nothing."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from phub_jupyter.errors import InvalidRequestError, OverloadedError
from phub_jupyter.hub.database.characters import clean_parameters

__all__ = ["back_up", "file_of", "open_sqlite", "refusal_of"]

_RETRY_AFTER = 5


def open_sqlite(url: URL) -> Engine:
    """Open the file that the address names, creating it with the first connection."""
    file_of(url)
    engine = create_engine(url, connect_args={"timeout": 30})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    clean_parameters(engine)
    return engine


def file_of(url: URL) -> Path:
    """The database's file. Raises InvalidRequestError for a database without one."""
    if not url.database or url.database == ":memory:":
        raise InvalidRequestError(
            "database: write sqlite:////ABSOLUTE/PATH; a database in memory would forget all."
        )
    return Path(url.database)


def back_up(path: Path, schema: str) -> None:
    """Copy the database as it is, beside it and under the name of its schema."""
    copy = path.with_name(f"{path.name}.before-{schema}")
    partial = copy.with_name(f"{copy.name}.partial")
    with sqlite3.connect(path) as source, sqlite3.connect(partial) as target:
        source.backup(target)
    source.close()
    target.close()
    partial.replace(copy)


def refusal_of(error: BaseException) -> Exception | None:
    """What to tell a person instead of the driver's error; None if it is a fault of ours."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return OverloadedError(
            "The database is busy; nothing was changed, try again.", retry_after=_RETRY_AFTER
        )
    if code == sqlite3.SQLITE_FULL:
        return OSError(errno.ENOSPC, "The disk of the database is full")
    if code == sqlite3.SQLITE_READONLY:
        return OSError(errno.EROFS, "The disk of the database is read-only")
    return None


def _configure(connection: Any, record: Any) -> None:
    # The driver's own transaction control would start writing late and cannot roll back DDL.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Any) -> None:
    immediate = connection.get_execution_options().get("phub_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
