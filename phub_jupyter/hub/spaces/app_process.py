"""The processes of one running Space as the hub sees them: start, ready, visited, stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from phub_jupyter.hub.spaces.hardware import Flavor
from phub_jupyter.hub.spaces.space_log import SpaceLog

__all__ = ["AppEndedError", "AppProcess"]

_GUARD = Path(__file__).with_name("guard.py")
_PROBE = b"GET /voila/static/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"
_PROBE_INTERVAL = 0.1
_LONGEST_PIECE = 65536


class AppEndedError(Exception):
    """The app ended, or did not answer in time; the message is a sentence for a person."""


class AppProcess:
    """A guard and the Voilà server below it. All of it belongs to one event loop."""

    def __init__(self, guard: asyncio.subprocess.Process, log: SpaceLog) -> None:
        self._guard = guard
        self._log = log
        self._copying = asyncio.create_task(self._copy_output())

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        log: SpaceLog,
        flavor: Flavor,
    ) -> AppProcess:
        """Start a command in a folder, with exactly that environment, on a share of the machine."""
        guard = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(_GUARD), *flavor.guarding, *command),
            stdin=asyncio.subprocess.PIPE,  # closed when the hub ends, however it ends
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
        return cls(guard, log)

    @property
    def pid(self) -> int:
        """The process id of the guard."""
        return self._guard.pid

    @property
    def is_running(self) -> bool:
        """Whether the app is still there."""
        return self._guard.returncode is None

    async def ready(self, ip: str, patience: float) -> int:
        """Wait until the app answers HTTP and return its port. Raises AppEndedError."""
        deadline = time.monotonic() + patience
        while self.is_running:
            port = await asyncio.to_thread(self._port)
            if port is not None and await _answers(ip, port):
                return port
            if time.monotonic() > deadline:
                raise AppEndedError(f"The app did not answer within {patience:g} seconds.")
            await asyncio.sleep(_PROBE_INTERVAL)
        await self._copying
        raise AppEndedError(f"The app ended while it started (exit code {self._guard.returncode}).")

    def visitors(self) -> int:
        """How many kernels the app has, that is, pages that somebody has open; blocks."""
        with contextlib.suppress(psutil.Error):
            server = self._server()
            return 0 if server is None else len(server.children())
        return 0

    async def wait(self) -> int:
        """Wait until the app ended and its output is in the log."""
        code = await self._guard.wait()
        await self._copying
        return code

    async def stop(self, patience: float = 10) -> None:
        """End all processes of the app."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._guard.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._guard.wait(), patience)
            except TimeoutError:
                await asyncio.to_thread(_kill_tree, self.pid)
        await self.wait()

    def _server(self) -> psutil.Process | None:
        return next(iter(psutil.Process(self.pid).children()), None)

    def _port(self) -> int | None:
        # The app chose its port itself, so nobody else can have taken it before.
        with contextlib.suppress(psutil.Error):
            server = self._server()
            for connection in [] if server is None else server.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    return int(connection.laddr.port)
        return None

    async def _copy_output(self) -> None:
        output = self._guard.stdout
        assert output is not None
        rest = b""
        while piece := await output.read(_LONGEST_PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                self._log.write(line.decode("utf-8", "replace"))
            if len(rest) > _LONGEST_PIECE:
                self._log.write(rest.decode("utf-8", "replace"))
                rest = b""
        if rest:
            self._log.write(rest.decode("utf-8", "replace"))


async def _answers(ip: str, port: int) -> bool:
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(ip, port)
            try:
                writer.write(_PROBE)
                return (await reader.readline()).startswith(b"HTTP/1")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _kill_tree(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
