"""A hub as a program of its own, which can be killed like one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from ..stores import environment

__all__ = ["Served", "phub", "start"]

_PHUB = [sys.executable, "-m", "phub_server.cli"]


def _variables(data: Path) -> dict[str, str]:
    home = str(data.parent)
    return {"PATH": os.environ["PATH"], "HOME": home, "PHUB_DATA": str(data)} | environment(data)


def phub(data: Path, *arguments: str) -> str:
    """Run a command of the hub to its end and return what it prints; its failure is the test's."""
    done = subprocess.run(
        [*_PHUB, *arguments],
        env=_variables(data),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


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
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

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
