"""A real JupyterLab with an embedded hub, and a real browser that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.ui.lab_server import Lab

_BROWSER_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]

expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A fresh JupyterLab with an empty hub for the tests of one module."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    """Keep pytest-jupyter's event loop away: the browser's driver runs one of its own."""


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    """Nothing to clean up: the server is a process of its own."""


@pytest.fixture(scope="module")
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
    fresh.set_default_timeout(20_000)
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
