"""PostgreSQL: the database for hubs that several processes serve.

It is made to promise what SQLite promises, so that no service needs to know which one it talks to:
one writer at a time, from the look to the row; readers that see one moment; text of any length.
"""

from __future__ import annotations

import errno
import json
import logging
import re
from typing import Any

from sqlalchemy import URL, Connection, Engine, String, create_engine, event
from sqlalchemy.ext.compiler import compiles

from phub_jupyter.errors import InvalidRequestError, OverloadedError, StorageError
from phub_jupyter.hub.database.characters import clean_parameters

__all__ = ["check_server", "open_postgres", "refusal_of"]

_LOG = logging.getLogger("phub")

_WRITERS = 0x70687562
"""The advisory lock that every writer takes: "phub" in ASCII."""

_SESSION = """
SET timezone = 'UTC';
SET lock_timeout = '30s';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3;
SELECT set_config('synchronous_commit', 'on', false)
 WHERE current_setting('synchronous_commit') = 'off'
"""
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_RETRY_AFTER = 5

_BUSY = ("40001", "40P01", "53200", "53300", "55P03", "57014", "57P01", "57P02", "57P03")
_FULL = "53100"
_REFUSED_VALUES = ("22", "54")  # classes: data exception, program limit exceeded


def open_postgres(url: URL) -> Engine:
    """Open the database that the address names. Raises InvalidRequestError without the driver."""
    try:
        import psycopg  # noqa: F401
    except ModuleNotFoundError:
        raise InvalidRequestError(
            "database: PostgreSQL needs a driver; run pip install 'phub-jupyter[postgres]'."
        ) from None
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": 10},
        json_serializer=_json,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=24,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    clean_parameters(engine)
    return engine


def check_server(connection: Connection) -> None:
    """Refuse a database that cannot keep all text; warn of one that may lose what it confirmed."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise StorageError(
            f"The database is encoded in {encoding}; create one with ENCODING 'UTF8'."
        )
    for setting in ("fsync", "full_page_writes"):
        if connection.exec_driver_sql(f"SHOW {setting}").scalar_one() != "on":
            _LOG.warning(
                "PostgreSQL runs with %s = off: a power cut may lose what was confirmed.", setting
            )


def refusal_of(error: BaseException) -> Exception | None:
    """What to tell a person instead of the driver's error; None if it is a fault of ours."""
    state: str | None = getattr(error, "sqlstate", None)
    if state == _FULL:
        return OSError(errno.ENOSPC, "The disk of the database is full")
    if state is not None and state.startswith(_REFUSED_VALUES):
        return InvalidRequestError(
            "body: it holds a number or a text that is too large for the database."
        )
    if state is None or state.startswith("08") or state in _BUSY:
        return OverloadedError(
            "The database is busy or out of reach; nothing was changed, try again.",
            retry_after=_RETRY_AFTER,
        )
    return None


@compiles(String, "postgresql")
def _string(element: Any, compiler: Any, **options: Any) -> str:
    """A text of any length: SQLite knows no limits, and cards are written by strangers."""
    return "VARCHAR"


def _configure(connection: Any, record: Any) -> None:
    connection.autocommit = True  # or the first rollback would take the settings back
    connection.execute(_SESSION)
    connection.autocommit = False


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("phub_write", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _NUL.sub(r"\1" + "\ufffd", text.encode("utf-8", "replace").decode())
