"""A real Ray cluster on this machine, nodes of which can be lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).parents[2]
_RAY = Path(sys.executable).with_name("ray")
_WAIT = 240.0  # seconds; a busy machine needs a minute for a node


class RayCluster:
    """By default two nodes of one processor each.

    ``address`` is that of the dashboard; drivers join at ``gcs``, on ``port`` if given. Whoever
    talks with it needs the ``token``, if there is one.
    """

    def __init__(
        self, nodes: int = 2, cpus: int = 1, port: int | None = None, token: str = ""
    ) -> None:
        self._cpus = cpus
        self._auth = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token else {}
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.folder = Path(tempfile.mkdtemp(prefix="phub-ray-"))  # short: sockets lie in it
        self._port, dashboard = port or _free_port(), _free_port()
        self.gcs = f"127.0.0.1:{self._port}"
        self.address = f"http://127.0.0.1:{dashboard}"
        self.nodes: list[psutil.Popen] = []
        try:
            self._add(
                "--head",
                f"--port={self._port}",
                f"--dashboard-port={dashboard}",
                f"--ray-client-server-port={_free_port()}",
                f"--temp-dir={self.folder / 'ray'}",
            )
            self._await_nodes(1)
            for _ in range(nodes - 1):
                self.add_node()
        except BaseException:
            self.close()
            raise

    def add_node(self) -> None:
        """Let another machine join."""
        before = self._alive()
        self._add(f"--address={self.gcs}")
        self._await_nodes(before + 1)

    def at_work(self, node: int) -> bool:
        """Whether a turn of a candidate is being done on that node."""
        return any("ray::perform" in _title(child) for child in _family(self.nodes[node]))

    def lose(self, node: int) -> None:
        """Take a node away as a power cut would."""
        processes = _family(self.nodes[node])
        for process in processes:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs([*processes, self.nodes[node]], timeout=20)

    def shown(self, page: str) -> str:
        """What the dashboard answers below ``/api``."""
        return requests.get(f"{self.address}/api/{page}", headers=self._headers, timeout=30).text

    def logs(self) -> list[Path]:
        """Everything that Ray wrote down so far."""
        found = [path for path in self.folder.glob("ray/session_2*/logs/**/*") if path.is_file()]
        assert found
        return found

    def close(self) -> None:
        """End all that was started."""
        for number in range(len(self.nodes)):
            self.lose(number)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _add(self, *options: str) -> None:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HF_")},
            "PATH": f"{_RAY.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder),
            "HF_HOME": str(self.folder / "hf"),
            "RAY_USAGE_STATS_ENABLED": "0",
            **self._auth,
            "RAY_health_check_period_ms": "1000",
        }
        shared = [f"--num-cpus={self._cpus}", "--object-store-memory=100000000", "--block"]
        agent = [f"--dashboard-agent-listen-port={_free_port()}"]
        with (self.folder / "start.log").open("ab") as log:
            started = psutil.Popen(
                [str(_RAY), "start", *options, *shared, *agent],
                env=environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self.nodes.append(started)

    def _alive(self) -> int:
        try:
            rows = json.loads(self.shown("v0/nodes"))["data"]["result"]["result"]
        except (requests.RequestException, ValueError, KeyError, TypeError):
            return 0
        return sum(row["state"] == "ALIVE" for row in rows)

    def _await_nodes(self, number: int) -> None:
        deadline = time.monotonic() + _WAIT
        while self._alive() < number:
            if time.monotonic() > deadline or not self.nodes[-1].is_running():
                raise TimeoutError((self.folder / "start.log").read_text("utf-8"))
            time.sleep(0.5)


def _family(parent: psutil.Process) -> list[psutil.Process]:
    try:
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
