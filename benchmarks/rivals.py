"""Serving frameworks to compare with, each in an environment that is made when it is needed.

They are given what the hub has: as many lanes, and the precision that the hub has measured to be
best on this machine. An environment sees this one's packages, so that torch is there once.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

__all__ = ["RIVALS", "Rival", "precision_of", "rival_server"]

_START_SECONDS = 180.0
_HERE = Path(__file__).parent
_TUNED = {  # as Ray's documentation recommends for throughput
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    "RAY_SERVE_USE_GRPC_BY_DEFAULT": "1",
}


class Rival:
    """A framework: what to install, which program to start, and where it answers."""

    def __init__(self, name: str, package: str, program: str, path: str, **variables: str) -> None:
        self.name = name
        self.package = package
        self.program = _HERE / program
        self.path = path
        self.variables = variables

    def python(self, environments: Path) -> Path:
        """The interpreter of its environment, which is made if it is not there."""
        folder = environments / self.package.partition("[")[0]
        python = folder / "bin" / "python"
        if not (folder / "made").exists():
            venv.create(folder, with_pip=False, clear=True)
            here = sysconfig.get_path("purelib")
            there = sysconfig.get_path("purelib", vars={"base": str(folder)})
            (Path(there) / "benchmark.pth").write_text(f"{here}\n", "utf-8")
            pinned = ("-c", _HERE.parent / "constraints.txt")
            install = (python, "-m", "pip", "install", "-q", "--prefix", folder, *pinned)
            subprocess.run([*install, self.package], check=True)
            (folder / "made").touch()
        return python


RIVALS = (
    Rival("LitServe", "litserve", "litserve_server.py", "/predict"),
    Rival("Ray Serve, tuned", "ray[serve]", "ray_serve_server.py", "/", **_TUNED),
)


def precision_of(model: Path) -> str:
    """What the hub's engine chooses for the model here, such as ``bfloat16``."""
    code = (
        "import json, sys, pathlib; from phub_jupyter.compute.inference import local;"
        "print(json.dumps(local.describe(pathlib.Path(sys.argv[1]), 'text-classification')))"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(model)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return str(json.loads(said.stdout.splitlines()[-1])["precision"])


@contextmanager
def rival_server(
    rival: Rival, environments: Path, model: Path, precision: str, lanes: int
) -> Iterator[str]:
    """A running reference; its address, once it answers."""
    python = rival.python(environments)
    port = _free_port()
    url = f"http://127.0.0.1:{port}{rival.path}"
    with tempfile.TemporaryDirectory(prefix="rival-") as home:  # short: sockets lie in it
        environment = {
            **os.environ,
            **rival.variables,
            "HOME": home,
            "OMP_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_TMPDIR": home,
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(_HERE), os.environ.get("PYTHONPATH", "")]),
        }
        with (Path(home) / "log").open("w+", encoding="utf-8") as log:
            process = subprocess.Popen(
                [python, rival.program, model, precision, str(lanes), str(port)],
                stdout=log, stderr=log, env=environment, start_new_session=True,
            )  # fmt: skip
            try:
                _await(url, process, log.name)
                yield url
            finally:
                _stop(process)


def _await(url: str, process: subprocess.Popen[bytes], log: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(requests.RequestException):
            if requests.post(url, json={"inputs": "good"}, timeout=30).ok:
                return
        time.sleep(0.5)
    raise SystemExit(f"{url} did not start: {Path(log).read_text('utf-8')[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # workers that outlived it


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
