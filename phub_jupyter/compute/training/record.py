"""The append-only record of a run: what happened, line by line, safe against a power cut."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phub_jupyter.errors import NotFoundError

__all__ = ["Record"]


class Record:
    """A run folder with ``phub_run.jsonl``; every line is on disk before `append` returns."""

    FILE_NAME = "phub_run.jsonl"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / self.FILE_NAME
        self._lock = threading.Lock()

    @classmethod
    def create(cls, runs: Path) -> Record:
        """Begin a record in a new folder of ``runs``, named by the time."""
        runs.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        for suffix in ["", *(f"-{number}" for number in range(2, 1000))]:
            folder = runs / f"{stamp}{suffix}"
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return cls(folder)
        raise NotFoundError(f"runs: {runs} holds too many runs of this second; try again.")

    @classmethod
    def find(cls, runs: Path, name: str | None = None) -> Record:
        """Open the run called ``name``, else the newest. Raises NotFoundError."""
        folders = sorted(path.parent for path in runs.glob(f"*/{cls.FILE_NAME}"))
        if name is not None:
            folders = [folder for folder in folders if folder.name == name]
        if not folders:
            wanted = f"no run '{name}'" if name else "no run"
            raise NotFoundError(f"resume: there is {wanted} in {runs}; start one without --resume.")
        return cls(folders[-1])

    @property
    def name(self) -> str:
        """What ``--resume`` calls this run."""
        return self.folder.name

    def append(self, event: str, **fields: Any) -> None:
        """Add one line and bring it to the disk."""
        line = json.dumps({"event": event, "time": round(time.time(), 3), **fields})
        with self._lock, self.path.open("ab") as file:
            if file.tell() and not _ends_with_newline(self.path):
                file.write(b"\n")  # a crash tore the last line: keep ours apart from it
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def events(self) -> Iterator[dict[str, Any]]:
        """All whole lines, oldest first; a line torn by a crash is left out."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        for line in data.split(b"\n"):
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "event" in event:
                yield event

    def started(self) -> dict[str, Any]:
        """The first event, which holds the plan. Raises NotFoundError if it was never written."""
        for event in self.events():
            if event["event"] == "started":
                return event
        raise NotFoundError(f"resume: run '{self.name}' never started; start one without --resume.")


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
