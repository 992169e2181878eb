"""A hub as a program of its own, which can be killed like one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from ..stores import environment

__all__ = ["Served", "clean_up_later", "end", "start"]

_PHUB = [sys.executable, "-m", "phub_server.cli"]


def _variables(data: Path) -> dict[str, str]:
    home = str(data.parent)
    return {"PATH": os.environ["PATH"], "HOME": home, "PHUB_DATA": str(data)} | environment(data)


CLEAN_UP_LATER = """
import sys
from datetime import timedelta
from pathlib import Path
from phub_jupyter.hub.database.tables import utc_now
from phub_jupyter.hub.hub import Hub

hub = Hub.open(Path(sys.argv[1]))
print("go", flush=True)
report = hub.garbage.collect(delete=True, now=utc_now() + timedelta(days=60))
assert not report.skipped, report.skipped
hub.close()
print("done", flush=True)
"""


def clean_up_later(data: Path) -> subprocess.Popen[str]:
    """Start to give back all space that nobody will need in two months; it says when it begins."""
    return subprocess.Popen(
        [sys.executable, "-c", CLEAN_UP_LATER, str(data)],
        env=_variables(data),
        stdout=subprocess.PIPE,
        text=True,
    )


def start(data: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command of the hub; what it has to say goes to a file beside the data."""
    with (data.parent / "log").open("ab") as log:
        return subprocess.Popen(
            [*_PHUB, *arguments],
            env=_variables(data),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )


def end(process: subprocess.Popen[str] | None) -> None:
    """Kill a process, if there is one, and take it away."""
    if process is None:
        return
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


class Served:
    """A hub that serves the folder ``data``."""

    def __init__(self, data: Path) -> None:
        self.process = start(data, "serve", "--port", "0")
        self.endpoint = ""

    def wait(self) -> None:
        """Wait until it listens."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "listens on http://" in line, line
        self.endpoint = line.split()[-1]

    def close(self) -> None:
        """Make sure that it is gone."""
        end(self.process)

    def kill(self, children: bool) -> None:
        """Kill it, with its children or without; those that are left are waited for."""
        left = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        if children:
            for child in left:
                if child.is_running():
                    child.kill()
        self.close()
        assert not psutil.wait_procs(left, timeout=60)[1], left
