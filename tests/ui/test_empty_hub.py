"""What a person sees before anything is in the hub, and how that changes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.ui.cells import run_cell
from tests.ui.lab_server import OWNER, Lab

pytestmark = pytest.mark.browser


def test_the_code_that_the_empty_hub_shows_fills_it(lab: Lab, page: Page) -> None:
    (lab.notebooks / "model").mkdir()
    (lab.notebooks / "model" / "config.json").write_text("{}")
    page.locator("li[data-id='phub-catalog']").click()
    hub = page.get_by_role("region", name="Private Hub")
    expect(hub.get_by_text("Your hub is empty")).to_be_visible()
    code = hub.locator("pre").inner_text()

    page.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")).to_be_visible(
        timeout=90_000
    )
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    cell.locator(".cm-content").fill(code)
    expect(cell).to_contain_text("upload_folder")
    run_cell(page, cell)
    expect(cell.locator(".jp-OutputArea-output").last).to_contain_text("my-first-model")
    assert lab.api.file_exists(f"{OWNER}/my-first-model", "config.json")

    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(hub.locator(f"[data-repo='{OWNER}/my-first-model']")).to_be_visible()


def test_a_repository_that_is_not_there_is_named(page: Page) -> None:
    page.keyboard.press("Control+Shift+C")
    page.keyboard.type("Open Repository by Id")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("textbox").fill(f"spaces/{OWNER}/none")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{OWNER}/none cannot be shown")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
