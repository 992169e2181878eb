"""The schema: what the migrations make is what the tables say; upgrades keep the data."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import phub_jupyter.hub.database.migrations as migrations
from phub_jupyter.errors import StorageError
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Base, Namespace, Setting
from phub_jupyter.hub.hub import Hub

from .repo_fixtures import Workshop

MIGRATIONS = Path(migrations.__file__ or "").parent


def _upgrade(path: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_the_newest_schema_is_the_last_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == migrations.NEWEST


def test_migrations_make_the_tables_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, parents: not str(name).startswith(
                    ("repo_text", "repo_names", "term_parts")
                ),
            },
        )
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_the_full_text_finds_words_inside_names(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/hub.sqlite")
    database.migrate()
    database.close()
    with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
        connection.execute("INSERT INTO repo_text (rowid, repo_id) VALUES (7, 'ada snippet-mini')")
        found = connection.execute("SELECT rowid FROM repo_text WHERE repo_text MATCH 'min*'")
        assert found.fetchall() == [(7,)]
    connection.close()


def test_an_older_schema_is_backed_up_and_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    _upgrade(path, "first")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO settings VALUES ('color', 'blue')")
    connection.close()
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.read() as session:
        assert session.get_one(Setting, "color").value == "blue"
    database.close()
    with sqlite3.connect(tmp_path / "hub.sqlite.before-first") as connection:
        assert connection.execute("SELECT value FROM settings").fetchall() == [("blue",)]
    connection.close()


def test_a_newer_schema_is_refused_by_name(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/hub.sqlite")
    database.migrate()
    database.close()
    with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-2031'")
    connection.close()
    with pytest.raises(StorageError, match="from-2031"):
        Database(f"sqlite:///{tmp_path}/hub.sqlite").migrate()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/hub.sqlite")
    database.migrate()
    with pytest.raises(RuntimeError), database.write() as session:  # noqa: PT012
        session.add(Namespace(uid="1" * 24, key="ada", name="ada", kind="user"))
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.query(Namespace).count() == 0
    database.close()


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
