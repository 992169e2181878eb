"""The story of a person who finds a model, tries it and publishes an app, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.ui.app_notebook import TITLE, write_app_notebook
from tests.ui.cells import run_cell
from tests.ui.lab_server import OWNER, RESULTS, Lab
from tests.ui.seed import DATASET, HOSTILE, MODEL, seed

pytestmark = pytest.mark.browser

NOTEBOOK = "film_app.ipynb"
SPACE = f"{OWNER}/film_app"
_SLOW = 90_000


@pytest.fixture(scope="module", autouse=True)
def _content(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    seed(lab.api, tmp_path_factory.mktemp("seed"))
    write_app_notebook(lab.notebooks / NOTEBOOK, MODEL)


@pytest.fixture
def hub(page: Page) -> Locator:
    """The side bar, open."""
    page.locator("li[data-id='phub-catalog']").click()
    return page.get_by_role("region", name="Private Hub")


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like now."""
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / f"{name}.png", animations="disabled")


def results(hub: Locator) -> list[str]:
    """The ids that the side bar lists."""
    return hub.locator("[data-repo]").evaluate_all("nodes => nodes.map(n => n.dataset.repo)")


def open_repo(page: Page, hub: Locator, repo: str) -> Locator:
    """Open a repository from the side bar."""
    hub.locator(f"[data-repo='{repo}']").click()
    return page.get_by_role("region", name=f"Repository {repo}", exact=True)


def test_search_and_filters_narrow_the_list(page: Page, hub: Locator) -> None:
    expect(hub.locator("[data-repo]")).to_have_count(3)
    hub.get_by_role("searchbox", name="Search the private hub").fill("hostile")
    expect(hub.locator("[data-repo]")).to_have_count(1)
    assert results(hub) == [HOSTILE]
    hub.get_by_role("searchbox").press("Escape")
    expect(hub.locator("[data-repo]")).to_have_count(3)

    hub.get_by_role("tab", name="Models").click()
    expect(hub.locator("[data-repo]")).to_have_count(2)
    hub.get_by_role("button", name="Task").click()
    hub.get_by_role("checkbox", name="Text Classification").check()
    expect(hub.locator("[data-repo]")).to_have_count(1)
    assert results(hub) == [MODEL]
    picture(page, "search")

    hub.get_by_role("button", name="Remove the filter Task: Text Classification").click()
    expect(hub.locator("[data-repo]")).to_have_count(2)


def test_no_result_says_what_to_do(hub: Locator) -> None:
    hub.get_by_role("searchbox").fill("nothing-of-that-name")
    expect(hub.get_by_text("Nothing matches")).to_be_visible()
    hub.get_by_role("button", name="Show everything").click()
    expect(hub.locator("[data-repo]")).to_have_count(3)


def test_keyboard_alone_opens_a_repository(page: Page) -> None:
    page.keyboard.press("Control+Alt+h")
    search = page.get_by_role("searchbox", name="Search the private hub")
    expect(search).to_be_focused()
    page.keyboard.type("film")
    hub = page.get_by_role("region", name="Private Hub")
    expect(hub.locator("[data-repo]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = hub.locator("[data-repo]").nth(1)
    expect(second).to_be_focused()
    repo = second.get_attribute("data-repo")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=str(repo))).to_be_visible()


def test_slash_goes_to_the_search_box(page: Page, hub: Locator) -> None:
    hub.get_by_role("tab", name="All").focus()
    page.keyboard.press("/")
    expect(hub.get_by_role("searchbox")).to_be_focused()
    expect(hub.get_by_role("searchbox")).to_have_value("")


def test_card_with_metadata(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, MODEL)
    expect(repo.get_by_role("heading", name="Film mood")).to_be_visible()
    expect(repo.get_by_text("license: apache-2.0")).to_have_count(0)
    metadata = repo.get_by_role("region", name=f"Metadata of {MODEL}")
    for text in ("apache-2.0", "transformers", "0.8312", "Film snippets"):
        expect(metadata.get_by_text(text, exact=True)).to_be_visible()
    picture(page, "card")
    metadata.get_by_role("button", name=DATASET).click()
    expect(page.get_by_role("region", name=f"Repository {DATASET}")).to_be_visible()


def test_links_of_a_card_stay_in_the_hub(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, MODEL)
    repo.get_by_role("link", name="vocab.txt").click()
    expect(repo.get_by_role("region", name="Content of vocab.txt")).to_contain_text("[PAD]")
    repo.get_by_role("tab", name="Card").click()
    repo.get_by_role("link", name=DATASET).click()
    expect(page.get_by_role("region", name=f"Repository {DATASET}")).to_be_visible()


def test_files_with_text_view_and_download(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, MODEL)
    repo.get_by_role("tab", name="Files").click()
    weights = repo.get_by_role("row").filter(has_text="model.safetensors")
    expect(weights).to_contain_text("LFS")
    expect(weights).to_contain_text("Add the classifier")
    picture(page, "files")
    repo.get_by_role("button", name="config.json", exact=True).click()
    expect(repo.get_by_role("region", name="Content of config.json")).to_contain_text(
        "BertForSequenceClassification"
    )
    picture(page, "file")
    with page.expect_download() as saved:
        repo.get_by_role("link", name="Download config.json").click()
    assert "BertForSequenceClassification" in Path(saved.value.path()).read_text("utf-8")
    repo.get_by_role("navigation", name="Folder").get_by_role("button").first.click()
    expect(repo.get_by_role("button", name="config.json", exact=True)).to_be_visible()


def test_folders_open(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, DATASET)
    repo.get_by_role("tab", name="Files").click()
    repo.get_by_role("button", name="data", exact=True).click()
    repo.get_by_role("button", name="train.csv", exact=True).click()
    expect(repo.get_by_role("region", name="Content of data/train.csv")).to_contain_text(
        "a dull film"
    )


def test_history(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, DATASET)
    repo.get_by_role("tab", name="History").click()
    commits = repo.get_by_role("list", name="Commits").get_by_role("listitem")
    expect(commits.first).to_contain_text("Add data/train.csv")
    expect(commits.first).to_contain_text(OWNER)
    expect(commits.last).to_contain_text("initial commit")
    picture(page, "history")


def test_a_liked_repository_stays_liked(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, MODEL)
    repo.get_by_role("button", name="Like").click()
    expect(repo.get_by_role("button", name="Liked 1")).to_have_attribute("aria-pressed", "true")
    repo.get_by_role("button", name="Refresh").click()
    expect(repo.get_by_role("button", name="Liked 1")).to_have_attribute("aria-pressed", "true")
    hub.get_by_role("button", name="Refresh").click()
    expect(hub.get_by_role("button", name=f"{MODEL}, model, ")).to_have_accessible_name(
        re.compile("1 like,")
    )


def test_pages_come_back_after_a_reload(lab: Lab, page: Page, hub: Locator) -> None:
    open_repo(page, hub, MODEL)
    lab.wait_for_layout(f"phub-repos:model:{MODEL}")
    page.reload()
    repo = page.get_by_role("region", name=f"Repository {MODEL}", exact=True)
    expect(repo.get_by_role("heading", name="Film mood")).to_be_visible()
    expect(hub.get_by_role("button", name=MODEL)).to_be_visible()


def test_trying_the_model_shows_its_scores(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, MODEL)
    repo.get_by_role("button", name="Example").click()
    expect(repo.get_by_role("textbox", name="Text to classify")).to_have_value(
        "the film was very good"
    )
    repo.get_by_role("button", name="Run", exact=True).click()
    rows = repo.get_by_role("list", name="Result").get_by_role("listitem")
    expect(rows).to_have_count(3, timeout=_SLOW)
    shares = [
        float(text.split("%")[0]) for text in rows.locator(".phub-Bars-score").all_inner_texts()
    ]
    assert sum(shares) == pytest.approx(100, abs=0.3)
    assert shares == sorted(shares, reverse=True)
    picture(page, "try")


def test_the_code_to_call_a_model_names_this_hub(lab: Lab, page: Page, hub: Locator) -> None:
    open_repo(page, hub, MODEL).get_by_role("button", name="Deploy").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{lab.endpoint}/models/{MODEL}")
    expect(dialog).to_contain_text("os.environ['HF_TOKEN']")
    picture(page, "deploy")
    dialog.get_by_role("tab", name="curl").click()
    expect(dialog).to_contain_text(f"curl {lab.endpoint}/models/{MODEL}")


def test_the_inserted_cell_runs(page: Page, hub: Locator) -> None:
    open_repo(page, hub, MODEL).get_by_role("button", name="Use in notebook").click()
    cell = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").first
    expect(cell).to_contain_text(f"%phub infer {MODEL}")
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").last).to_be_visible(
        timeout=_SLOW
    )
    run_cell(page, cell)
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("positive")
    picture(page, "notebook")


def test_training_is_written_as_a_cell(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, DATASET)
    repo.get_by_role("tab", name="Use").click()
    repo.get_by_role("button", name="Choose and insert…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Dataset")).to_have_value(DATASET)
    dialog.get_by_label("Model to start from").fill(MODEL)
    dialog.get_by_role("button", name="Insert the cell").click()
    cell = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").first
    expect(cell).to_contain_text(
        f"%phub train --model {MODEL} --dataset {DATASET} --candidates 6 "
        f"--to {OWNER}/film-snippets-film-mood"
    )


def test_a_hostile_card_does_nothing(page: Page, hub: Locator) -> None:
    repo = open_repo(page, hub, HOSTILE)
    expect(repo.get_by_text("Harmless end.")).to_be_visible()
    repo.get_by_text("Click me").click()
    page.wait_for_timeout(500)
    assert page.evaluate("window.attacked") is None
    card = repo.locator(".phub-Card")
    assert card.locator("script, iframe, svg, [onerror], [onload]").count() == 0
    assert card.locator("a[href^='javascript']").count() == 0


def test_publish_a_notebook_and_open_its_app(
    lab: Lab, page: Page, hub: Locator, context: BrowserContext
) -> None:
    page.get_by_role("tab", name="File Browser").click()
    page.locator(".jp-DirListing-item").filter(has_text=NOTEBOOK).dblclick()
    expect(page.locator(".jp-Notebook").get_by_role("heading", name=TITLE)).to_be_visible()
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")).to_be_visible(
        timeout=_SLOW
    )
    page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Space", exact=True)).to_have_value(SPACE)
    expect(dialog.get_by_label("Title")).to_have_value(TITLE)
    expect(dialog.get_by_label("Models that the app calls")).to_have_value(MODEL)
    picture(page, "publish")
    dialog.get_by_role("button", name="Publish").click()

    toast = page.locator(".Toastify__toast").filter(has_text=f"{SPACE} is published.")
    expect(toast).to_be_visible(timeout=_SLOW)
    with context.expect_page() as opened:
        toast.get_by_role("button", name="Open app").click()
    app = opened.value
    expect(app.get_by_role("heading", name=TITLE)).to_be_visible(timeout=_SLOW)
    app.get_by_role("button", name="Ask the model").click()
    expect(app.get_by_text("It is ")).to_be_visible(timeout=_SLOW)
    picture(app, "app")
    _assert_stranger(lab, app)

    toast.get_by_role("button", name="Open repository").click()
    repo = page.get_by_role("region", name=f"Repository {SPACE}", exact=True)
    expect(repo.get_by_role("region", name="State of the app")).to_contain_text("Running")
    picture(page, "space")
    page.locator("li[data-id='phub-catalog']").click()
    hub.get_by_role("tab", name="Spaces").click()
    expect(hub.locator(f"[data-repo='{SPACE}']")).to_be_visible()


_READ = """async address => {
  try {
    const answer = await fetch(address, {credentials: 'include'});
    return {status: answer.status, text: await answer.text()};
  } catch (error) {
    return {refused: String(error)};
  }
}"""
_WRITE = """async address => {
  try {
    const answer = await fetch(address, {
      method: 'POST', credentials: 'include', mode: 'no-cors',
      headers: {'Content-Type': 'text/plain'}, body: JSON.stringify({name: 'taken-over'})
    });
    return answer.status;
  } catch (error) {
    return String(error);
  }
}"""


def _assert_stranger(lab: Lab, app: Page) -> None:
    """The app's page cannot act or read as the person who looks at it."""
    assert not app.url.startswith(lab.url)
    for path in ("/api/contents", "/api/me", "/phub/api/whoami-v2", "/phub/api/phub/status"):
        answer = app.evaluate(_READ, f"{lab.url}{path}")
        assert "refused" in answer or OWNER not in answer["text"], (path, answer)
    app.evaluate(_WRITE, f"{lab.url}/phub/api/repos/create")
    app.evaluate(_WRITE, f"{lab.url}/api/contents")
    assert not lab.api.repo_exists(f"{OWNER}/taken-over")
    cookies = app.evaluate("document.cookie")
    assert "username-" not in cookies
