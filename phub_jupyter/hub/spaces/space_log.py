"""What a Space printed: a small rotating file, one line with its time for each line."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

__all__ = ["LogLine", "SpaceLog"]

_LARGEST = 1_000_000
_LONGEST_LINE = 4000


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, with the time at which the hub read it, in ISO 8601."""

    time: str
    text: str


class SpaceLog:
    """The log of one Space, in ``folder``; tokens in it are blotted out before they are written."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "run.log"
        self._secrets: tuple[str, ...] = ()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._handler = RotatingFileHandler(
            self._path, maxBytes=_LARGEST, backupCount=1, encoding="utf-8", delay=True
        )

    def hide(self, secrets: Iterable[str]) -> None:
        """Blot these texts out from now on."""
        self._secrets = tuple(secret for secret in secrets if secret)

    def write(self, text: str) -> None:
        """Add a line."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = f"{now} {text[:_LONGEST_LINE].rstrip()}"
        self._handler.handle(logging.LogRecord("space", logging.INFO, "", 0, line, None, None))

    def tail(self, lines: int = 20) -> list[LogLine]:
        """The last lines, oldest first."""
        return self.read(0)[0][-lines:]

    def read(self, start: int) -> tuple[list[LogLine], int]:
        """The lines from an offset on, and the offset behind them; a new file begins at 0."""
        if not self._path.exists():
            return [], 0
        with self._path.open("rb") as file:
            begin = start if start <= file.seek(0, os.SEEK_END) else 0
            file.seek(begin)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.decode("utf-8", "replace").splitlines()
        return [LogLine(*line.partition(" ")[::2]) for line in lines], begin + len(whole)

    def close(self) -> None:
        """Give the file back; writing opens it again."""
        self._handler.close()
