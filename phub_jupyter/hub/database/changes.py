"""Tells whether anything was written to the database, so that answers can be kept until then."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

__all__ = ["Remembered", "SqliteChanges", "Version"]

Version = tuple[int, int]
V = TypeVar("V")


class SqliteChanges:
    """Watches a SQLite file through a connection that never writes, in any thread.

    Whoever commits, in this process or another, changes what SQLite calls the data version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened = 0

    def version(self) -> Version | None:
        """Something that differs after every write; None if it cannot be told right now."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = sqlite3.connect(
                        self._path, timeout=0, isolation_level=None, check_same_thread=False
                    )
                    self._opened += 1
                (number,) = self._connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                return None
            return self._opened, number

    def close(self) -> None:
        """Give the connection back; the next question opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    version: Version
    until: float
    value: V


class Remembered(Generic[V]):
    """Values that are right as long as nothing was written, and for ``seconds`` at most.

    Take `now` before working a value out, and hand it to `put` with the value: what was written in
    between then makes the value worthless, as it should be.
    """

    def __init__(
        self, version: Callable[[], Version | None], *, seconds: float = 60, most: int = 2000
    ) -> None:
        self.now = version
        self._seconds = seconds
        self._most = most
        self._entries: dict[Hashable, _Entry[V]] = {}

    def get(self, key: Hashable) -> V | None:
        """The value, if there is one that is still right."""
        entry = self._entries.get(key)
        if entry is None or entry.until < time.monotonic() or entry.version != self.now():
            return None
        return entry.value

    def put(self, key: Hashable, value: V, version: Version | None) -> None:
        """Keep a value that was worked out after ``version`` was taken."""
        if version is None:
            return
        if len(self._entries) >= self._most:
            self._entries.clear()
        self._entries[key] = _Entry(version, time.monotonic() + self._seconds, value)
