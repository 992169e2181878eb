"""JupyterLab with an embedded hub, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi

__all__ = ["OWNER", "RESULTS", "Lab"]

OWNER = "grace"
RESULTS = Path(__file__).parent / "results"
_TOKEN = "a-token-for-this-test-server"
_START_SECONDS = 60


class Lab:
    """A running ``jupyter lab`` with the extension; everything it keeps is below one folder."""

    def __init__(self, folder: Path) -> None:
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        _silence_news(folder / "config")
        self.url = f"http://127.0.0.1:{port}"
        self.endpoint = f"{self.url}/phub"
        self.log = folder / "lab.log"
        self._output = self.log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *self._options(port)],
            cwd=self.notebooks,
            env=_environment(folder),
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait()

    def _options(self, port: int) -> list[str]:
        return [
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={port}",
            "--ServerApp.port_retries=0",
            "--ServerApp.jpserver_extensions={'phub_server': True}",
            f"--IdentityProvider.token={_TOKEN}",
            f"--PrivateHubApp.owner={OWNER}",
        ]

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if requests.get(f"{self.endpoint}/api/phub/status", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.2)
        self.close()
        pytest.fail(f"JupyterLab did not start:\n{self.log.read_text()[-4000:]}")

    @property
    def api(self) -> HfApi:
        """The unmodified client, as the owner of the hub."""
        return HfApi(endpoint=self.endpoint, token=_TOKEN)

    @property
    def entry(self) -> str:
        """The address that opens this Lab with an empty layout, logged in."""
        return f"{self.url}/lab?token={_TOKEN}&reset"

    def wait_for_layout(self, entry: str) -> None:
        """Wait until Lab, which does so after a pause, has saved its layout with an entry."""
        deadline = time.monotonic() + _START_SECONDS
        headers = {"Authorization": f"token {_TOKEN}"}
        while time.monotonic() < deadline:
            saved = requests.get(f"{self.url}/lab/api/workspaces", headers=headers, timeout=10)
            if entry in saved.text:
                return
            time.sleep(0.2)
        pytest.fail(f"Lab did not save {entry}: {saved.text[:2000]}")

    def close(self) -> None:
        """Ask the server to stop, so that it ends its own children."""
        self._process.send_signal(signal.SIGINT)
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        self._output.close()


def _silence_news(config: Path) -> None:
    """Without this, Lab asks whether it may fetch news, right over the page."""
    page_config = config / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True)
    disabled = {"@jupyterlab/apputils-extension:announcements": True}
    page_config.write_text(json.dumps({"disabledExtensions": disabled}))


def _environment(folder: Path) -> dict[str, str]:
    ours = ("HF_", "PHUB_", "JUPYTER_", "IPYTHONDIR")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | {
        "HF_HOME": str(folder / "hf"),
        "HF_XET_CACHE": str(folder / "xet"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "OMP_NUM_THREADS": "1",
    }
