"""Running a cell the way a person does: look whether it runs, and press again if it does not."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Locator, Page

__all__ = ["run_cell"]

_PATIENCE = 120  # seconds


def run_cell(page: Page, cell: Locator) -> None:
    """Run a cell and wait until it has run.

    JupyterLab drops what is run while a notebook's kernel is still being connected, although the
    kernel is shown as idle by then: the prompt stays empty.
    """
    prompt = cell.locator(".jp-InputPrompt")
    deadline = time.monotonic() + _PATIENCE
    empty = 2
    while time.monotonic() < deadline:
        text = prompt.inner_text().strip()
        if re.fullmatch(r"\[\d+\]:", text):
            return
        empty = 0 if "*" in text else empty + 1
        if empty > 2:
            cell.locator(".cm-content").click()
            page.keyboard.press("Control+Enter")
            empty = 0
        page.wait_for_timeout(1000)
    raise AssertionError(f"The cell did not run within {_PATIENCE} seconds; its prompt is {text}")
