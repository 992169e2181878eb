"""A hub of its own for the demo: the real command line, a fresh folder, a free port."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

__all__ = ["DemoHub"]

_PHUB = [sys.executable, "-c", "from phub_server.cli import main; main()"]


class DemoHub:
    """Serves ``data`` while entered; its log goes to ``log``."""

    def __init__(self, data: Path, log: Path) -> None:
        self._data = data
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = f"http://127.0.0.1:{_free_port()}"

    def add_user(self, name: str) -> str:
        """Add a person and return a token that may write as them."""
        self._phub("user", "add", name)
        return self._phub("token", "add", name, "--role", "write").splitlines()[-1]

    def check(self) -> None:
        """Verify the stopped hub against its hashes; raises if anything is damaged."""
        self._phub("check")

    def __enter__(self) -> Self:
        port = self.endpoint.rpartition(":")[2]
        command = [*_PHUB, "serve", "--port", port, "--data", str(self._data)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._stop()
                raise RuntimeError(f"The hub did not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.endpoint}/api/phub/status", timeout=2).ok
        except requests.ConnectionError:
            return False

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _phub(self, *words: str) -> str:
        command = [*_PHUB, *words, "--data", str(self._data)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"phub {' '.join(words)} failed: {done.stdout}{done.stderr}")
        return done.stdout.strip()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
