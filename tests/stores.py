"""The two pairs of stores that the tests run on: SQLite and a folder, PostgreSQL and S3.

The servers are real, and are started when the first test wants them. A hub has a database and a
folder of a bucket of its own, found by the name of its data folder: opened again it is the same.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

import psycopg
import pytest
import requests

from phub_jupyter.hub.database import Database
from phub_jupyter.hub.settings import StoreSettings

__all__ = [
    "DEFAULT_PAIR",
    "PAIRS",
    "address_of_copy",
    "address_of_nothing",
    "database_elsewhere",
    "environment",
    "in_use",
    "parametrize",
    "settings_of",
    "stop_servers",
]

PAIRS = ("sqlite-folder", "postgres-s3")
_MADE: set[str] = set()
DEFAULT_PAIR = os.environ.get("PHUB_TEST_STORES", PAIRS[0])

_S3_SERVER = """
import threading
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
threading.Event().wait()
"""


class PostgresServer:
    """A cluster of its own, reached through a socket; it forgets all when it stops."""

    def __init__(self) -> None:
        self._forgetting = ThreadPoolExecutor(1)
        self._home = Path(tempfile.mkdtemp(prefix="phub-pg-"))
        self._prefix = self._as_somebody()
        binaries = _binaries()
        data = self._home / "data"
        make = [str(binaries / "initdb"), "-D", str(data), "-U", "hub", "-E", "UTF8"]
        self._run(*make, "--auth=trust", "--locale=C", "--no-sync")
        # What is confirmed to a hub survives the hub's death, and nobody pulls this machine's plug.
        options = ["-k", str(self._home), "-c", "listen_addresses=", "-c", "fsync=off"]
        options += ["-c", "max_connections=300", "-c", "max_locks_per_transaction=256"]
        serve = [*self._prefix, str(binaries / "postgres"), "-D", str(data), *options]
        with (self._home / "log").open("wb") as log:
            self._leash = _leashed(serve, log, "QUIT")
        self._wait()
        self.make("template")
        template = Database(self.address("template"))
        template.migrate()
        template.close()

    def make(self, name: str, template: str | None = None) -> None:
        """Make a database unless there is one."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if found.fetchone() is None:
                copied = f" TEMPLATE {template}" if template else ""
                connection.execute(f"CREATE DATABASE {name}{copied}".encode())

    def forget(self, name: str) -> None:
        """Remove a database some time, whoever uses it; nobody waits for that."""
        self._forgetting.submit(self._forget, name)

    def address(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://hub@/{name}?host={self._home}"

    def stop(self) -> None:
        """End all connections and forget all databases."""
        self._forgetting.shutdown(cancel_futures=True)
        self._leash.close()
        while (self._home / "data/postmaster.pid").exists():
            time.sleep(0.05)
        shutil.rmtree(self._home, ignore_errors=True)

    def _forget(self, name: str) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def _as_somebody(self) -> list[str]:
        """PostgreSQL refuses to run as root."""
        if os.getuid() != 0:
            return []
        names = {entry.pw_name for entry in pwd.getpwall()}
        somebody = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        os.chown(self._home, somebody.pw_uid, somebody.pw_gid)
        who = ["--reuid", str(somebody.pw_uid), "--regid", str(somebody.pw_gid), "--clear-groups"]
        return ["setpriv", *who]

    def _run(self, *command: str) -> None:
        done = subprocess.run([*self._prefix, *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def _wait(self) -> None:
        for _ in range(600):
            try:
                psycopg.connect(self.address("postgres")).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError((self._home / "log").read_text())


def _binaries() -> Path:
    """Where Debian, or whoever, has put the server's programs; the newest release of several."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    releases = Path("/usr/lib/postgresql").glob("*/bin")
    return max(releases, key=lambda path: int(path.parent.name))


class S3Server:
    """A server that speaks S3 and keeps everything in memory."""

    def __init__(self) -> None:
        with tempfile.TemporaryFile("w+") as output:
            self._leash = _leashed([sys.executable, "-c", _S3_SERVER], output, "TERM")
            while not (port := _first_line(output)):
                time.sleep(0.05)
        self.endpoint = f"http://127.0.0.1:{port}"
        assert requests.put(f"{self.endpoint}/hubs", timeout=30).ok
        os.environ["AWS_ACCESS_KEY_ID"] = "testing"
        os.environ["AWS_SECRET_ACCESS_KEY"] = "testing"

    def address(self, name: str) -> str:
        """The address of a folder in the bucket."""
        return f"s3://hubs/{name}?endpoint={self.endpoint}&region=us-east-1"

    def stop(self) -> None:
        """Forget all objects."""
        self._leash.close()


def _leashed(command: list[str], output: IO[Any], end: str) -> IO[bytes]:
    """Start a program that gets a signal when what is returned is closed, or we are gone.

    It is no child of this process: some tests look that there are none.
    """
    watch = '"$@" & pid=$!; read -r _ || kill -$0 $pid'
    with subprocess.Popen(
        ["setsid", "--fork", "bash", "-c", watch, end, *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
    ) as starting:
        assert starting.stdin is not None
        leash, starting.stdin = starting.stdin, None
    return leash


def _first_line(output: IO[str]) -> str:
    output.seek(0)
    line = output.readline()
    return line.strip() if line.endswith("\n") else ""


@lru_cache(maxsize=1)
def postgres_server() -> PostgresServer:
    """The cluster of this run."""
    return PostgresServer()


@lru_cache(maxsize=1)
def s3_server() -> S3Server:
    """The S3 server of this run."""
    return S3Server()


def stop_servers() -> None:
    """Stop whatever was started."""
    for server in (postgres_server, s3_server):
        if server.cache_info().currsize:
            server().stop()
            server.cache_clear()


def settings_of(pair: str, root: Path) -> StoreSettings:
    """Where the hub in a data folder keeps its things, on one of the pairs."""
    assert pair in PAIRS, pair
    if pair == "sqlite-folder":
        return StoreSettings()
    name = "h" + hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:16]
    if name not in _MADE:
        postgres_server().make(name, "template")
        _MADE.add(name)
    return StoreSettings(postgres_server().address(name), s3_server().address(name))


def address_of_nothing(pair: str, root: Path) -> str:
    """The address of a database that has no tables yet, beside the hub's own."""
    if pair == "sqlite-folder":
        return f"sqlite:///{root}/hub.sqlite"
    name = "n" + hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:16]
    postgres_server().make(name)
    return postgres_server().address(name)


def address_of_copy(address: str, folder: Path) -> str:
    """The address of a copy of a database that nobody uses."""
    if address.startswith("sqlite:///"):
        shutil.copy(address.removeprefix("sqlite:///"), folder / "hub.sqlite")
        return f"sqlite:///{folder}/hub.sqlite"
    name = "c" + hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    postgres_server().make(name, address.partition("@/")[2].partition("?")[0])
    return postgres_server().address(name)


def environment(root: Path) -> dict[str, str]:
    """The same for a process of its own, on the pair that is in use."""
    settings = StoreSettings.from_environment(root)
    variables = {"PHUB_DATABASE_URL": settings.database_url}
    variables |= {"PHUB_OBJECT_STORE": settings.object_store}
    variables |= {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
    return {name: value for name, value in variables.items() if value}


def database_elsewhere(root: Path) -> dict[str, str]:
    """For a process whose data folder holds no database, so that no file there stays open."""
    return {"PHUB_DATABASE_URL": address_of_nothing("postgres-s3", root)}


@contextmanager
def in_use(pair: str) -> Iterator[None]:
    """Open hubs that name no stores on this pair, and close what tests leave open."""
    opened: list[Database] = []
    open_database = StoreSettings.open_database

    def chosen(cls: Any, root: Path) -> StoreSettings:
        return settings_of(pair, root)

    def remembered(settings: StoreSettings, root: Path) -> Database:
        opened.append(open_database(settings, root))
        return opened[-1]

    with (
        patch.object(StoreSettings, "from_environment", classmethod(chosen)),
        patch.object(StoreSettings, "open_database", remembered),
    ):
        yield
    for database in opened:
        database.close()
    while _MADE:
        postgres_server().forget(_MADE.pop())


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run tests that are marked with ``both_stores`` on both pairs."""
    if metafunc.definition.get_closest_marker("both_stores") is not None:
        metafunc.parametrize("stores", PAIRS, indirect=True, scope="module")
