"""The schema and its upgrades, and what transactions promise, on both kinds of database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import IntegrityError

import phub_jupyter.hub.database.migrations as migrations
from phub_jupyter.errors import InvalidRequestError, OverloadedError, StorageError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Base, Namespace, ResourceGroup, Setting
from phub_jupyter.hub.hub import Hub

from ..stores import address_of_nothing
from .repo_fixtures import Workshop

pytestmark = pytest.mark.both_stores

MIGRATIONS = Path(migrations.__file__ or "").parent
TEXT_TABLES = ("repo_text", "repo_names", "term_parts", "terms_text")


@pytest.fixture
def address(stores: str, tmp_path: Path) -> str:
    """The address of an empty database."""
    return address_of_nothing(stores, tmp_path)


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    """A database with its tables."""
    database = Database(address)
    database.migrate()
    yield database
    database.close()


def _change(address: str, change: Callable[[Any], object]) -> None:
    """Change a database behind the hub's back."""
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        change(connection)
    engine.dispose()


def _upgrade(address: str, revision: str) -> None:
    def upgrade(connection: Any) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    _change(address, upgrade)


def _put(database: Database, value: str) -> None:
    with database.write() as session:
        session.merge(Setting(key="color", value=value))


def _color(database: Database) -> str:
    with database.read() as session:
        return session.get_one(Setting, "color").value


def test_the_newest_schema_is_the_last_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == migrations.NEWEST


def test_migrations_make_the_tables_and_nothing_else(database: Database, address: str) -> None:
    found: list[Any] = []

    def compare(connection: Any) -> None:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": database.kind == "sqlite",  # the other takes texts of any length
                "include_name": lambda name, kind, parents: not str(name).startswith(TEXT_TABLES),
            },
        )
        found.extend(compare_metadata(context, Base.metadata))

    _change(address, compare)
    # SQLite does not tell what happens on deletion where a key came with its column.
    told = [item for item in found if database.kind != "sqlite" or not item[0].endswith("_fk")]
    assert told == []


def test_a_repository_stays_when_its_resource_group_goes(tmp_path: Path) -> None:
    shop = Workshop.open(tmp_path)
    with shop.hub.database.write() as session:
        group = ResourceGroup(uid="g", name="g", org_pk=shop.repo.namespace_pk)
        session.add(group)
        session.flush()
        session.merge(shop.repo).resource_group_pk = group.pk
    with shop.hub.database.write() as session:
        session.delete(session.scalars(select(ResourceGroup)).one())
    assert shop.hub.repositories.by_uid(shop.repo.uid).resource_group_pk is None
    shop.hub.close()


def test_an_older_schema_is_upgraded(address: str, stores: str, tmp_path: Path) -> None:
    _upgrade(address, "first")
    _change(address, lambda old: old.execute(text("INSERT INTO settings VALUES ('color', 'blue')")))
    database = Database(address)
    database.migrate()
    assert _color(database) == "blue"
    database.close()
    if stores == "sqlite-folder":  # a file is copied first
        with sqlite3.connect(tmp_path / "hub.sqlite.before-first") as connection:
            assert connection.execute("SELECT value FROM settings").fetchall() == [("blue",)]
        connection.close()


def test_of_several_processes_that_start_at_once_one_upgrades(address: str, tmp_path: Path) -> None:
    _upgrade(address, "second")
    databases = [Database(address) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Database.migrate, databases))
    _put(databases[0], "red")
    assert [_color(database) for database in databases] == ["red"] * 4
    for database in databases:
        database.close()
    assert len(list(tmp_path.glob("*.before-*"))) <= 1


def test_a_newer_schema_is_refused_by_name(database: Database, address: str) -> None:
    newer = "UPDATE alembic_version SET version_num = 'from-2031'"
    _change(address, lambda connection: connection.execute(text(newer)))
    with pytest.raises(StorageError, match="from-2031"):
        database.migrate()


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:  # noqa: PT012
        session.add(Namespace(uid="1" * 24, key="ada", name="ada", kind="user"))
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.query(Namespace).count() == 0


def test_what_a_writer_has_looked_at_stays_as_it_is(database: Database) -> None:
    _put(database, "0")

    def count(_: int) -> None:
        with database.write() as session:
            row = session.get_one(Setting, "color")
            row.value = str(int(row.value) + 1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(count, range(60)))
    assert _color(database) == "60"


def test_a_reader_sees_one_moment_and_holds_nobody_up(database: Database) -> None:
    _put(database, "red")
    with database.read() as session:
        assert session.scalar(select(Setting.value)) == "red"
        _put(database, "blue")
        assert session.scalar(select(func.max(Setting.value))) == "red"
    assert _color(database) == "blue"


def test_a_name_is_taken_once(database: Database) -> None:
    for number in range(2):
        row = Namespace(uid=f"{number}", key="ada", name="ada", kind="user")
        if number == 0:
            with database.write() as session:
                session.add(row)
        else:
            with pytest.raises(IntegrityError), database.write() as session:
                session.add(row)


@pytest.mark.parametrize("value", ["x" * 5000, "nul\0s", "h\ud800lf", "\U0001f917 ü"])
def test_whatever_strangers_write_can_be_kept(database: Database, stores: str, value: str) -> None:
    if stores == "sqlite-folder" and "\ud800" in value:
        value = value.replace("\ud800", "?")  # the hub takes these out before
    row = Namespace(uid="u", key="ada", name="ada", kind="user", fullname=value)
    with database.write() as session:
        session.add(row)
    with database.read() as session:
        kept = session.scalars(select(Namespace.fullname)).one()
        session.scalar(select(Namespace.pk).where(Namespace.fullname == value))
    assert kept[:3] == value[:3].replace("\ud800", "?")
    assert len(kept) == len(value)


def test_a_number_that_is_too_large_is_refused(database: Database, stores: str) -> None:
    error = InvalidRequestError if stores == "postgres-s3" else OverflowError
    with pytest.raises(error), database.read() as session:
        session.execute(select(Setting).limit(2**70))


def test_connections_that_the_server_ended_are_made_anew(database: Database, address: str) -> None:
    _put(database, "red")
    if database.kind == "postgresql":
        ended = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        _change(address, lambda connection: connection.execute(text(ended)))
    assert _color(database) == "red"


def test_a_server_that_is_not_there_is_busy_and_not_a_mistake() -> None:
    database = Database("postgresql://hub@127.0.0.1:9/hub")
    with pytest.raises(OverloadedError, match="out of reach"):
        database.migrate()


@pytest.mark.parametrize("wrong", ["mysql://h/x", "hub.sqlite", "sqlite://", "sqlite:///:memory:"])
def test_an_address_of_no_database_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidRequestError, match="^database: "):
        Database(wrong)


def test_an_upgrade_reads_all_cards_again(tmp_path: Path) -> None:
    shop = Workshop.open(tmp_path)
    with shop.hub.database.write() as session:
        repo = session.merge(shop.repo)
        repo.head, repo.files = None, []
    shop.hub.close()
    again = Hub.open(tmp_path)
    found = again.repositories.by_uid(shop.repo.uid)
    assert found.head == shop.head
    again.close()


def test_connections_are_given_back_whatever_else_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub.open(tmp_path)
    closed = []
    monkeypatch.setattr(hub.database, "close", lambda: closed.append("database"))
    monkeypatch.setattr(hub.downloads, "write", lambda: closed.append("downloads"))

    def fail() -> None:
        raise RuntimeError("counts")

    monkeypatch.setattr(hub.usage, "close", fail)
    with pytest.raises(RuntimeError, match="counts"):
        hub.close()
    assert closed == ["downloads", "database"]
    monkeypatch.undo()
    hub.close()
