"""A real JupyterLab with an embedded hub, and a real browser that looks at it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

OWNER = "grace"
RESULTS = Path(__file__).parent / "results"
_TOKEN = "a-token-for-this-test-server"  # noqa: S105
_START_SECONDS = 60
_BROWSER_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

expect.set_options(timeout=20_000)


class Lab:
    """A running ``jupyter lab`` with the extension; everything it keeps is below one folder."""

    def __init__(self, folder: Path) -> None:
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.endpoint = f"{self.url}/phub"
        self.log = folder / "lab.log"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *self._options(port)],
            cwd=self.notebooks,
            env=_environment(folder),
            stdout=self.log.open("wb"),
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
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
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

    def close(self) -> None:
        """Ask the server to stop, so that it ends its own children."""
        self._process.send_signal(signal.SIGINT)
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


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


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A fresh JupyterLab with an empty hub for the tests of one module."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "Chromium is missing; install it (Debian: apt-get install chromium)."
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=_BROWSER_FLAGS)
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without cookies."""
    fresh = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    yield fresh
    fresh.close()


@pytest.fixture
def page(lab: Lab, context: BrowserContext) -> Page:
    """Lab, opened and logged in."""
    opened = context.new_page()
    opened.goto(lab.entry)
    opened.locator("#jp-main-dock-panel").wait_for()
    expect(opened.get_by_role("tab", name="Launcher")).to_be_visible()
    return opened
