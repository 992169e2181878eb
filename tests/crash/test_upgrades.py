"""kill -9 while the tables are being changed: the old ones are there, or the new ones."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.migrations import NEWEST
from phub_jupyter.hub.database.upgrade import MIGRATIONS

from ..stores import address_of_copy, address_of_nothing

KILLS = max(3, int(os.environ.get("PHUB_CRASHES", "20")) // 4)
ROWS = 4000

UPGRADE = """
import sys
import phub_jupyter.hub.database.upgrade
from phub_jupyter.hub.database import Database

database = Database(sys.argv[1])
print("go", flush=True)
database.migrate()
print("done", flush=True)
"""

FILL = (
    "INSERT INTO namespaces (pk, uid, key, name, kind, fullname, is_admin, created_at)"
    " VALUES (1, 'u', 'ada', 'ada', 'user', '', false, '2026-01-01')",
    "INSERT INTO repos (pk, uid, key, type, namespace_pk, namespace, name, private, created_by,"
    " created_at, updated_at, likes, downloads, card_data, config, used_storage)"
    " SELECT n, 'r' || n, 'model/ada/' || n, 'model', 1, 'ada', 'm' || n, false, 1,"
    " '2026-01-01', '2026-01-01', 0, 7, '{}', '{}', 0 FROM numbers",
)
NUMBERS = (
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
    f" WHERE n < {ROWS}) "
)


def _on(address: str, act: Any) -> Any:
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        found = act(connection)
    engine.dispose()
    return found


def _fill(connection: Any) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "first")
    connection.execute(text(FILL[0]))
    head, _, tail = FILL[1].partition(" SELECT ")
    with_numbers = f"{head} {NUMBERS} SELECT {tail}"
    connection.execute(text(with_numbers))


def _state(connection: Any) -> tuple[str, int, int]:
    version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    rows = connection.execute(text("SELECT count(*), sum(downloads) FROM repos")).one()
    return version, int(rows[0]), int(rows[1])


def _upgrade(address: str, kill_after: float | None) -> float:
    """Upgrade in a process of its own; how long it took."""
    command = [sys.executable, "-c", UPGRADE, address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        begun = time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            process.kill()
        elif process.stdout.readline() != "done\n":
            raise AssertionError("the upgrade failed")
        return time.monotonic() - begun


@pytest.mark.slow
@pytest.mark.both_stores
def test_an_upgrade_happens_or_does_not(tmp_path: Path, stores: str) -> None:
    chance = random.Random(int(os.environ.get("PHUB_CRASH_SEED", "0")) or None)
    old = address_of_nothing(stores, tmp_path)
    _on(old, _fill)
    before, after = ("first", ROWS, 7 * ROWS), (NEWEST, ROWS, 7 * ROWS)
    last = 0.0
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        address = address_of_copy(old, folder)
        if number == 0:
            last = _upgrade(address, None)
            assert _on(address, _state) == after
            continue
        moment = chance.random() * last
        _upgrade(address, moment)
        assert _on(address, _state) in (before, after), f"killed after {moment} of {last} seconds"
        for copy in folder.glob("*.before-first"):
            assert _on(f"sqlite:///{copy}", _state) == before
        database = Database(address)
        database.migrate()
        database.close()
        assert _on(address, _state) == after
        shutil.rmtree(folder)
