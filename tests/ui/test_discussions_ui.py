"""A person asks, answers, and merges what a colleague proposed, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.lab_server import OWNER, RESULTS, Lab

pytestmark = pytest.mark.browser

MODEL = f"{OWNER}/talked-about"


@pytest.fixture(scope="module", autouse=True)
def _content(lab: Lab) -> None:
    lab.api.create_repo(MODEL)
    lab.api.upload_file(
        path_or_fileobj=b"---\nlicense: mit\n---\n# Talk\n", path_in_repo="README.md", repo_id=MODEL
    )
    lab.api.upload_file(
        path_or_fileobj=b"---\nlicense: mit\n---\n# Talk\n\nBetter words.\n",
        path_in_repo="README.md",
        repo_id=MODEL,
        commit_message="Improve the card",
        commit_description="It says *more* now.",
        create_pr=True,
    )


@pytest.fixture
def community(page: Page) -> Locator:
    """The tab of the model's page, open."""
    page.locator("li[data-id='phub-catalog']").click()
    page.locator(f"[data-repo='{MODEL}']").click()
    shown = page.get_by_role("region", name=f"Repository {MODEL}", exact=True)
    shown.get_by_role("tab", name="Community").click()
    return shown


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like now."""
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / f"{name}.png", animations="disabled")


def test_a_discussion_from_question_to_end(page: Page, community: Locator) -> None:
    community.get_by_role("button", name="New discussion").click()
    expect(community.get_by_role("button", name="Start discussion")).to_be_disabled()
    community.get_by_role("textbox", name="Title").fill("How was it made?")
    community.get_by_label("What it is about").fill("Please **say** <script>attack()</script>so.")
    community.get_by_role("button", name="Start discussion").click()
    expect(community.get_by_role("heading", name="How was it made?")).to_be_visible()
    happened = community.get_by_role("list", name="What happened")
    expect(happened.locator("strong", has_text="say")).to_be_visible()
    expect(happened.locator("script")).to_have_count(0)
    community.get_by_label("Your comment").fill("By hand.")
    community.get_by_role("button", name="Comment", exact=True).click()
    expect(happened.get_by_text("By hand.")).to_be_visible()
    community.get_by_role("button", name="Close", exact=True).click()
    expect(community.get_by_text("Discussion, closed")).to_be_visible()
    picture(page, "discussion")
    community.get_by_role("button", name="All discussions").click()
    expect(community.get_by_text("How was it made?")).to_have_count(0)
    community.get_by_role("button", name="Closed").click()
    expect(community.get_by_role("button", name="How was it made?")).to_be_visible()


def test_a_pull_request_is_read_and_merged(page: Page, community: Locator) -> None:
    expect(community.get_by_role("list", name="Discussions")).to_be_visible()
    picture(page, "discussions")
    community.get_by_role("button", name="Improve the card").click()
    changes = community.get_by_role("region", name="Changes").last
    expect(changes).to_contain_text("+Better words.")
    picture(page, "pull-request")
    community.get_by_role("button", name="Merge").click()
    expect(community.get_by_text("Pull request, merged")).to_be_visible()
    community.get_by_role("tab", name="Card").click()
    expect(community.get_by_text("Better words.")).to_be_visible()


def test_nothing_to_show_says_what_to_do(page: Page, lab: Lab) -> None:
    lab.api.create_repo(f"{OWNER}/silent")
    page.locator("li[data-id='phub-catalog']").click()
    page.locator(f"[data-repo='{OWNER}/silent']").click()
    shown = page.get_by_role("region", name=f"Repository {OWNER}/silent", exact=True)
    shown.get_by_role("tab", name="Community").click()
    expect(shown.get_by_text("No open discussions")).to_be_visible()
    expect(shown.get_by_text("create_pr=True")).to_be_visible()
