"""A person tries models of other tasks than classification, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.detectors import make_detector
from tests.ui.lab_server import OWNER, RESULTS, Lab

pytestmark = pytest.mark.browser

READER = f"{OWNER}/reader"
FINDER = f"{OWNER}/finder"


@pytest.fixture(scope="module", autouse=True)
def _content(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("models")
    makers = {
        READER: ("question-answering", lambda folder: make_bert(folder, "ForQuestionAnswering")),
        FINDER: ("object-detection", make_detector),
    }
    for name, (task, make) in makers.items():
        folder: Path = make(root / task)
        (folder / "README.md").write_text(f"---\npipeline_tag: {task}\n---\n", "utf-8")
        lab.api.create_repo(name)
        lab.api.upload_folder(repo_id=name, folder_path=folder)


def opened(page: Page, repo: str) -> Locator:
    """The box of a model's page."""
    page.locator("li[data-id='phub-catalog']").click()
    page.locator(f"[data-repo='{repo}']").click()
    shown = page.get_by_role("region", name=f"Repository {repo}", exact=True)
    return shown.get_by_role("region", name="Try the model")


def test_a_question_is_asked_in_two_boxes(page: Page) -> None:
    box = opened(page, READER)
    expect(box.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    box.get_by_role("button", name="Example").click()
    expect(box.get_by_role("textbox", name="Question")).to_have_value(
        "When was the lighthouse built?"
    )
    box.get_by_role("button", name="Run", exact=True).click()
    answer = box.get_by_role("list", name="Result").get_by_role("listitem")
    expect(answer).to_have_count(1, timeout=90_000)
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / "try-question.png", animations="disabled")


def test_a_task_without_boxes_says_where_to_look(page: Page) -> None:
    expect(opened(page, FINDER)).to_contain_text("no box for object-detection")
