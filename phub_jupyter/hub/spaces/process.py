"""One running Space: its process, its port, its log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["SpaceProcess", "SpaceStartError", "child_environment", "free_port"]

_LOG_LIMIT = 1_000_000
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "VIRTUAL_ENV", "OMP_NUM_THREADS")


class SpaceStartError(Exception):
    """The process ended or did not answer in time; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a Space: checkout, notebook in it, address, and what its visitors need."""

    folder: Path
    app_file: str
    ip: str
    port: int
    token: str
    idle_seconds: int


def child_environment(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a Space: what a program needs to run, and what it is given.

    Nothing else of the hub's own environment is passed on; it may hold a person's secrets.
    """
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    folders = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / ".jupyter",
        "JUPYTER_DATA_DIR": home / ".local",
        "JUPYTER_RUNTIME_DIR": home / ".runtime",
        "IPYTHONDIR": home / ".ipython",
        "HF_HOME": home / ".huggingface",
    }
    return {**passed, **{name: str(path) for name, path in folders.items()}, **variables}


def free_port(ip: str, preferred: int | None) -> int:
    """A port that nobody listens on, the preferred one if possible."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((ip, port))
            return int(probe.getsockname()[1])
    raise SpaceStartError(f"No port is free on {ip}.")


class SpaceProcess:
    """Voilà in a process group of its own."""

    def __init__(self, process: asyncio.subprocess.Process, launch: Launch, log: Path) -> None:
        self._process = process
        self._log = log
        self.port = launch.port
        self.entry_token = launch.token
        self._idle_seconds = launch.idle_seconds
        self._busy_at = time.monotonic()

    @classmethod
    async def start(
        cls, launch: Launch, home: Path, environment: Mapping[str, str], log: Path, patience: float
    ) -> SpaceProcess:
        """Start and wait until it answers. Raises SpaceStartError."""
        file = home / "launch.json"
        _write_private(file, _settings(launch))
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".old"))
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "phub_jupyter.hub.spaces.voila_program", str(file)),
                cwd=launch.folder,
                env=child_environment(home, environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        space = cls(process, launch, log)
        try:
            await space._wait_until_it_answers(launch.ip, patience)
        except BaseException:
            await space.stop()
            raise
        return space

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    def note_visit(self) -> None:
        """Somebody was sent to the Space just now."""
        self._busy_at = time.monotonic()

    def is_idle(self) -> bool:
        """Whether nobody has had its page open for the idle time; blocks briefly."""
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(self._process.pid).children()
            if any("ipykernel" in " ".join(child.cmdline()) for child in children):
                self._busy_at = time.monotonic()
        return time.monotonic() - self._busy_at > self._idle_seconds

    async def stop(self) -> None:
        """End it and its kernels."""
        for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), patience)
                break

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the log."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-lines:])

    async def _wait_until_it_answers(self, ip: str, patience: float) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not self.is_running:
                raise SpaceStartError(f"The app ended while starting:\n{self.log_tail()}")
            if await _answers(ip, self.port):
                return
            await asyncio.sleep(0.1)
        raise SpaceStartError(
            f"The app did not answer within {patience:g} seconds:\n{self.log_tail()}"
        )


def _settings(launch: Launch) -> str:
    return json.dumps(
        {
            "notebook": str(launch.folder / launch.app_file),
            "ip": launch.ip,
            "port": launch.port,
            "token": launch.token,
            "idle_seconds": launch.idle_seconds,
        }
    )


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


async def _answers(ip: str, port: int) -> bool:
    """Whether HTTP is spoken there; asks for a static file, which starts no kernel."""
    try:
        reader, writer = await asyncio.open_connection(ip, port)
    except OSError:
        return False
    try:
        writer.write(b"GET /voila/static/x HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return (await asyncio.wait_for(reader.read(5), 10)).startswith(b"HTTP/")
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
