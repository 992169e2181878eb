"""What a person sees before anything is in the hub, and how that changes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.ui.lab_server import OWNER, Lab

pytestmark = pytest.mark.browser


def test_the_empty_hub_says_how_to_fill_it(lab: Lab, page: Page) -> None:
    page.locator("li[data-id='phub-catalog']").click()
    hub = page.get_by_role("region", name="Private Hub")
    expect(hub.get_by_text("Your hub is empty")).to_be_visible()
    expect(hub.get_by_text("upload_folder")).to_be_visible()

    lab.api.create_repo(f"{OWNER}/first")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(hub.locator(f"[data-repo='{OWNER}/first']")).to_be_visible()


def test_a_repository_that_is_not_there_is_named(page: Page) -> None:
    page.keyboard.press("Control+Shift+C")
    page.keyboard.type("Open Repository by Id")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("textbox").fill(f"spaces/{OWNER}/none")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{OWNER}/none cannot be shown")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_the_first_lines_of_python_work(lab: Lab, page: Page) -> None:
    """The code that the empty hub shows is run as it stands, by the kernel of a new notebook."""
    (lab.notebooks / "model").mkdir()
    (lab.notebooks / "model" / "config.json").write_text("{}")
    page.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")).to_be_visible(
        timeout=90_000
    )
    page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.insert_text(
        "from huggingface_hub import HfApi\n"
        'repo = HfApi().create_repo("my-first-model")\n'
        'HfApi().upload_folder(repo_id=repo.repo_id, folder_path="model")'
    )
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-OutputArea-output").last).to_contain_text(
        "my-first-model", timeout=90_000
    )
    assert lab.api.file_exists(f"{OWNER}/my-first-model", "config.json")
