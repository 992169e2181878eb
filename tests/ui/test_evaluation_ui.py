"""A person looks at what models scored: the model's results and the dataset's leaderboard."""

from __future__ import annotations

import pytest
from huggingface_hub import CommitOperationAdd
from playwright.sync_api import Locator, Page, expect

from phub_jupyter.eval_results import EvalResult, file_of, write_results
from tests.ui.lab_server import OWNER, RESULTS, Lab

pytestmark = pytest.mark.browser

DATASET = f"{OWNER}/rated-snippets"
MODELS = {f"{OWNER}/good": 0.91, f"{OWNER}/better": 0.93}


@pytest.fixture(scope="module", autouse=True)
def _content(lab: Lab) -> None:
    lab.api.create_repo(DATASET, repo_type="dataset")
    for model, value in MODELS.items():
        lab.api.create_repo(model)
        results = [
            EvalResult(DATASET, "text-classification", metric, number, split="test", rows=400)
            for metric, number in (("accuracy", value), ("mcc", value - 0.1))
        ]
        text = write_results([results[0], results[1]])
        add = CommitOperationAdd(file_of(DATASET), text.encode())
        lab.api.create_commit(model, [add], commit_message="Add results")


def opened(page: Page, repo: str) -> Locator:
    """The evaluation tab of a repository's page."""
    page.locator("li[data-id='phub-catalog']").click()
    page.locator(f"[data-repo='{repo}']").click()
    shown = page.get_by_role("region", name=f"Repository {repo}", exact=True)
    shown.get_by_role("tab", name="Evaluation").click()
    return shown


def test_a_leaderboard_leads_to_its_models(page: Page) -> None:
    shown = opened(page, DATASET)
    rows = shown.get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text(f"{OWNER}/better")
    expect(rows.nth(1)).to_contain_text("93.0 %")
    expect(rows.nth(2)).to_contain_text("reported")
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / "leaderboard.png", animations="disabled")
    shown.get_by_role("button", name=f"{OWNER}/good").click()
    model = page.get_by_role("region", name=f"Repository {OWNER}/good", exact=True)
    model.get_by_role("tab", name="Evaluation").click()
    standing = model.get_by_role("row").nth(1)
    expect(standing).to_contain_text("Accuracy")
    expect(standing).to_contain_text("2 of 2")
    page.screenshot(path=RESULTS / "standings.png", animations="disabled")


def test_a_model_without_results_says_what_to_do(page: Page, lab: Lab) -> None:
    name = f"{OWNER}/unknown"
    lab.api.create_repo(name)
    page.reload()
    expect(opened(page, name)).to_contain_text(f"%phub evaluate --model {name}")
