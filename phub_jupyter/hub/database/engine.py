"""Opens the database, brings its schema up to date and hands out sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from phub_jupyter.errors import InvalidRequestError, OverloadedError
from phub_jupyter.hub.database import sqlite
from phub_jupyter.hub.database.changes import SqliteChanges, Version
from phub_jupyter.hub.database.migrations import NEWEST

__all__ = ["Database"]

_READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Database:
    """SQLite or PostgreSQL, as the address says; a commit that returned has reached the disk.

    Raises InvalidRequestError for an address that names neither.
    """

    def __init__(self, address: str) -> None:
        try:
            self.url = make_url(address)
        except ArgumentError:
            raise _unknown(address) from None
        self.kind: Literal["sqlite", "postgresql"]
        self._changes: SqliteChanges | None = None
        if self.url.drivername == "sqlite":
            self.kind = "sqlite"
            self._engine = readers = sqlite.open_sqlite(self.url)
            self._refusal_of = sqlite.refusal_of
            self._changes = SqliteChanges(sqlite.file_of(self.url))
        elif self.url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
            # Hubs with a file need not load any of this.
            from phub_jupyter.hub.database import postgres

            self.kind = "postgresql"
            self._engine = postgres.open_postgres(self.url)
            readers = self._engine.execution_options(**_READING)
            self._refusal_of = postgres.refusal_of
        else:
            raise _unknown(address)
        self._readers = sessionmaker(readers, expire_on_commit=False)
        self._writers = sessionmaker(
            self._engine.execution_options(phub_write=True), expire_on_commit=False
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that only reads, and sees one moment of the database."""
        with self._in_words(), self._readers() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a transaction that holds the write lock from its start: committed as a whole.

        There is one writer at a time, in all processes together, so that what a transaction has
        looked at stays as it is until its end.
        """
        with self._in_words(), self._writers() as session:
            session.connection()
            yield session
            session.commit()

    def migrate(self) -> None:
        """Bring an older schema up to date, after a copy of it if it is in a file.

        Raises StorageError when the database was written by a newer release of the hub.
        """
        with self._in_words():
            if self._schema() != NEWEST:
                # alembic takes a quarter of a second to load, which other starts can do without.
                from phub_jupyter.hub.database.upgrade import upgrade

                upgrade(self._engine)

    def version(self) -> Version | None:
        """Something that differs after every write, told without waiting; None if nobody knows.

        A server on the network would have to be asked, which takes as long as the question itself.
        """
        return None if self._changes is None else self._changes.version()

    def close(self) -> None:
        """Give all connections back; a closed database can be opened again."""
        if self._changes is not None:
            self._changes.close()
        self._engine.dispose()

    def _schema(self) -> str | None:
        """The name of the schema in the database; None if it is new."""
        with self._engine.connect() as connection:
            if self.kind == "postgresql":
                from phub_jupyter.hub.database.postgres import check_server

                check_server(connection)
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn a database that is busy, full or gone into a refusal that says so."""
        try:
            yield
        except DBAPIError as error:
            refusal = None if error.orig is None else self._refusal_of(error.orig)
            if refusal is None:
                raise
            raise refusal from error
        except PoolTimeoutError as error:
            raise OverloadedError(
                "All connections to the database are in use; nothing was changed, try again.",
                retry_after=5,
            ) from error


def _unknown(address: str) -> InvalidRequestError:
    scheme = address.partition(":")[0]
    return InvalidRequestError(
        f"database: '{scheme}' is not known; write postgresql://USER@HOST/NAME, or leave it out "
        "for SQLite in the data folder."
    )
