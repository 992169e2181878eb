"""A hub as a program of its own, with one user, spoken to in plain HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from ..stores import database_elsewhere, environment

__all__ = ["HubProgram"]

_PHUB = [sys.executable, "-m", "phub_server.cli"]


class HubProgram:
    """A served hub; the user is ada, whose token is ``token``.

    With ``own_mount`` it sees its data folder through a mount of its own, which `make_read_only`
    changes under it, and its database is elsewhere: the system makes nothing read-only in which
    files are open for writing, unless the disk fails.
    """

    def __init__(self, data: Path, *, own_mount: bool = False) -> None:
        self.data = data
        self.own_mount = own_mount
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(data.parent)}
        self._environment |= database_elsewhere(data) if own_mount else environment(data)
        self._environment["PHUB_DATA"] = str(data)
        self.command("user", "add", "ada")
        self.token = self.command("token", "add", "ada", "--role", "write").split()[-1]
        with (data.parent / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*(_mounted(data) if own_mount else []), *_PHUB, "serve", "--port", "0"],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        listens = self._process.stdout.readline()
        assert "listens on http://" in listens, listens
        self.endpoint = listens.split()[-1]

    @property
    def pid(self) -> int:
        """The serving process."""
        return self._process.pid

    def command(self, *words: str) -> str:
        """Run a command of the hub to its end and return what it prints."""
        done = subprocess.run(
            [*_PHUB, *words], env=self._environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Ask as ada."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.endpoint}{path}"
        return requests.request(method, url, headers=headers, timeout=120, **kwargs)

    def make_read_only(self, read_only: bool) -> None:
        """Let the system refuse or allow all changes in the data folder, for the server alone."""
        target = ["nsenter", "--target", str(self.pid), "--mount"]
        if os.geteuid() != 0:
            target += ["--user", "--preserve-credentials"]
        options = f"remount,bind,{'ro' if read_only else 'rw'}"
        subprocess.run([*target, "mount", "-o", options, str(self.data)], check=True)

    def start_read_only(self) -> subprocess.CompletedProcess[str]:
        """Try to serve from a data folder that is read-only from the start."""
        command = [*_mounted(self.data, "ro"), *_PHUB, "serve", "--port", "0"]
        return subprocess.run(
            command, env=self._environment, capture_output=True, text=True, timeout=120
        )

    def close(self) -> None:
        """Stop serving."""
        self._process.terminate()
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()


def _mounted(data: Path, mode: str = "rw") -> list[str]:
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = f'mount --bind "$0" "$0" && mount -o remount,bind,{mode} "$0" && exec "$@"'
    return ["unshare", "--mount", *user, "sh", "-c", script, str(data)]
