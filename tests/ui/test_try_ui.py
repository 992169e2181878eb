"""A person tries models of other tasks than classification, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.detectors import make_detector
from tests.compute.tiny_models.language import make_language_model
from tests.compute.tiny_models.pictures import drawing, file_of
from tests.compute.tiny_models.tables import make_table_model
from tests.ui.lab_server import OWNER, RESULTS, Lab

pytestmark = pytest.mark.browser

READER = f"{OWNER}/reader"
FINDER = f"{OWNER}/finder"
TALKER = f"{OWNER}/talker"
ROWS = f"{OWNER}/rows"


@pytest.fixture(scope="module", autouse=True)
def _content(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("models")
    makers = {
        READER: ("question-answering", lambda folder: make_bert(folder, "ForQuestionAnswering")),
        FINDER: ("object-detection", make_detector),
        TALKER: ("text-generation", make_language_model),
        ROWS: (
            "tabular-classification",
            lambda folder: make_table_model(folder, "tabular-classification"),
        ),
    }
    for name, (task, make) in makers.items():
        folder: Path = make(root / task)
        card = f"---\npipeline_tag: {task}\nwidget:\n- src: street.png\n---\n"
        (folder / "README.md").write_text(card, "utf-8")
        (folder / "street.png").write_bytes(file_of(drawing(320, 200)))
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


def test_things_are_found_in_a_picture(page: Page) -> None:
    box = opened(page, FINDER)
    box.get_by_role("button", name="Example").click()
    expect(box.get_by_role("img", name="street.png")).to_be_visible()
    box.get_by_role("button", name="Run", exact=True).click()
    expect(box.get_by_text("Answered by this hub")).to_be_visible(timeout=90_000)
    found = box.get_by_role("list", name="Result").get_by_role("listitem")
    expect(box.locator("svg rect")).to_have_count(found.count())
    assert found.count() > 0
    page.screenshot(path=RESULTS / "try-picture.png", animations="disabled")


def test_a_file_of_another_kind_is_refused_before_it_is_sent(page: Page, tmp_path: Path) -> None:
    box = opened(page, FINDER)
    wrong = tmp_path / "notes.txt"
    wrong.write_text("not a picture")
    box.get_by_label("Picture").set_input_files(wrong)
    expect(box.get_by_role("alert")).to_have_text("notes.txt is not a picture.")
    expect(box.get_by_role("button", name="Run", exact=True)).to_be_disabled()


def test_a_model_is_talked_to(page: Page) -> None:
    box = opened(page, TALKER)
    box.get_by_role("textbox", name="Message").fill("Hello there")
    box.get_by_role("textbox", name="Message").press("Enter")
    expect(box.get_by_text("Answered by this hub")).to_be_visible(timeout=90_000)
    turns = box.get_by_role("log").get_by_role("paragraph")
    expect(turns).to_have_count(2)
    expect(turns.first).to_have_text("Hello there")
    page.screenshot(path=RESULTS / "try-chat.png", animations="disabled")
    box.get_by_role("button", name="New chat").click()
    expect(turns).to_have_count(0)


def test_rows_of_a_table_are_judged(page: Page) -> None:
    box = opened(page, ROWS)
    expect(box.get_by_role("textbox", name="Name of column 1")).to_have_value("age")
    box.get_by_role("textbox", name="age, row 1").fill("69")
    box.get_by_role("button", name="Run", exact=True).click()
    result = box.get_by_role("table", name="Result")
    expect(result.get_by_role("row").nth(1)).to_contain_text("yes", timeout=90_000)
    page.screenshot(path=RESULTS / "try-table.png", animations="disabled")
