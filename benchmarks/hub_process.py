"""A hub of its own for a benchmark: `phub serve` on a free port, in a fresh folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi

__all__ = ["HubProcess", "hub_process"]

_PROGRAM = [sys.executable, "-c", "from phub_server.cli import main; main()"]
_LISTENS = re.compile(r"listens on (http://\S+)")


@dataclass(frozen=True)
class HubProcess:
    """A running hub and a token of its only user, ada."""

    endpoint: str
    token: str
    pid: int

    @property
    def api(self) -> HfApi:
        """The public client, pointed at this hub."""
        return HfApi(endpoint=self.endpoint, token=self.token)


@contextmanager
def hub_process(data: Path) -> Iterator[HubProcess]:
    """Serve a new hub from ``data`` until the block ends."""
    _phub(data, "user", "add", "ada")
    token = _phub(data, "token", "add", "ada", "--role", "write").split()[-1]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    log = data.with_suffix(".log")
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            [*_PROGRAM, "serve", "--host", "127.0.0.1", "--port", "0", "--data", str(data)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        ) as process,
    ):
        try:
            yield HubProcess(_endpoint(process, log), token, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _endpoint(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if match := _LISTENS.search(line):
            return match[1]
    raise SystemExit(f"The hub did not start:\n{log.read_text('utf-8')}")


def _phub(data: Path, *words: str) -> str:
    command = [*_PROGRAM, *words, "--data", str(data)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
