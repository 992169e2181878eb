"""``%phub publish`` in a real IPython shell, against a real hub with real Voilà."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests
from huggingface_hub import HfApi, SpaceCard
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from tests.conftest import HubServer

DEMO = Path(__file__).parents[2] / "notebooks/demo_app.ipynb"
MIME_TYPE = "application/vnd.phub.space+json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    running = HubServer(tmp_path_factory.mktemp("served"))
    running.add_user("ada")
    running.add_user("bob")
    HfApi(endpoint=running.endpoint, token=running.token()).create_repo("ada/clf", private=True)
    yield running
    running.close()


@pytest.fixture
def shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("PHUB_ENDPOINT", server.endpoint)
    monkeypatch.setenv("PHUB_TOKEN", server.token())
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "phub_jupyter")
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


@pytest.fixture
def api(server: HubServer) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=server.token())


def publish(shell: InteractiveShell, line: str) -> Any:
    return shell.run_line_magic("phub", f"publish {line}")


def write_notebook(folder: Path, source: str, name: str = "my app.ipynb") -> Path:
    output = nbformat.v4.new_output("stream", text="a customer's data")
    cell = nbformat.v4.new_code_cell(source, outputs=[output], execution_count=7)
    path = folder / name
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def card_of(api: HfApi, space: str, folder: Path) -> SpaceCard:
    path = api.hf_hub_download(space, "README.md", repo_type="space", local_dir=folder / "seen")
    return SpaceCard.load(path)


def test_the_demo_app_is_published_and_answers(shell: InteractiveShell, server: HubServer) -> None:
    shutil.copy(DEMO, "demo_app.ipynb")
    result = publish(shell, 'demo_app.ipynb --space ada/demo --model ada/clf --title "Films"')
    assert result.stage == "RUNNING"
    assert result.models == ["ada/clf"]
    bundle = result._repr_mimebundle_()
    assert json.loads(json.dumps(bundle[MIME_TYPE]))["app_url"] == result.app_url
    assert f'href="{result.app_url}"' in bundle["text/html"]
    page = requests.get(result.app_url, timeout=90)
    assert page.status_code == 200
    assert "Did the critic like it?" in page.text
    assert "application/vnd.jupyter.widget-view+json" in page.text


def test_the_demo_app_is_short_and_holds_no_secret() -> None:
    cells = nbformat.read(DEMO, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert sum(len(cell.source.splitlines()) for cell in code) <= 51
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_outputs_stay_here_and_the_file_is_left_alone(
    shell: InteractiveShell, api: HfApi, tmp_path: Path
) -> None:
    path = write_notebook(tmp_path, "MODEL = 'ada/clf'\nprint('hi')")
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    before = path.read_bytes()
    result = publish(shell, "'my app.ipynb' --space ada/strip --private --include '*'")
    assert path.read_bytes() == before
    files = set(api.list_repo_files("ada/strip", repo_type="space"))
    assert files == {".gitattributes", "README.md", "app.ipynb", "data.csv"}
    sent = api.hf_hub_download("ada/strip", "app.ipynb", repo_type="space", local_dir=tmp_path)
    assert "customer" not in Path(sent).read_text()
    assert result.models == ["ada/clf"]
    assert api.space_info("ada/strip").private
    card = card_of(api, "ada/strip", tmp_path)
    assert card.data.to_dict() == {
        "title": "Strip",
        "sdk": "voila",
        "app_file": "app.ipynb",
        "models": ["ada/clf"],
    }


def test_publishing_again_keeps_what_people_wrote_in_the_card(
    shell: InteractiveShell, api: HfApi, tmp_path: Path
) -> None:
    write_notebook(tmp_path, "print('one')", "app.ipynb")
    first = publish(shell, "app.ipynb --space ada/again --title Early")
    mine = b"---\ntitle: Mine\nlicense: mit\nsdk: voila\n---\n\nWritten by hand.\n"
    api.upload_file(
        path_or_fileobj=mine, path_in_repo="README.md", repo_id="ada/again", repo_type="space"
    )
    write_notebook(tmp_path, "print('two')", "app.ipynb")
    second = publish(shell, "app.ipynb --space ada/again --private")
    assert second.commit != first.commit
    card = card_of(api, "ada/again", tmp_path)
    assert (card.data["title"], card.data["license"]) == ("Mine", "mit")
    assert "Written by hand." in card.text
    assert api.space_info("ada/again").private
    assert second.stage == "RUNNING"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("missing.ipynb --space ada/x", "there is no notebook missing.ipynb"),
        ("broken.ipynb --space ada/x", "broken.ipynb is not a notebook"),
        ("secret.ipynb --space ada/x", "app.ipynb: it holds something that looks like a token"),
        ("fine.ipynb --space ada/x --include key.txt", "key.txt: it holds something"),
        ("fine.ipynb --space ada/x --include '*.png'", "no file beside the notebook matches"),
        ("fine.ipynb --space ada/x --include ../*", "outside"),
        ("fine.ipynb --space ada/x --include /etc/passwd", "not a pattern"),
        ("fine.ipynb --space ada/x --model ada/none", "there is no model ada/none"),
        ("fine.ipynb --space noslash", "namespace/name"),
        ("fine.ipynb --space nobody/x", "nobody"),
        ("fine.ipynb --space bob/x", "namespace"),
        ("fine.ipynb", "--space"),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(
    shell: InteractiveShell, api: HfApi, tmp_path: Path, line: str, message: str
) -> None:
    (tmp_path / "work").mkdir()
    shell.run_line_magic("cd", f"-q {tmp_path / 'work'}")
    (tmp_path / "outside.txt").write_text("x")
    (tmp_path / "work/key.txt").write_text("hf_" + "a" * 34)
    (tmp_path / "work/broken.ipynb").write_text("{}")
    write_notebook(tmp_path / "work", "token = 'hf_" + "b" * 34 + "'", "secret.ipynb")
    write_notebook(tmp_path / "work", "print('hi')", "fine.ipynb")
    before = {space.id for space in api.list_spaces()}
    with pytest.raises(UsageError, match=message) as mistake:
        publish(shell, line)
    assert "\n" not in str(mistake.value)
    assert {space.id for space in api.list_spaces()} == before


def test_an_app_that_does_not_start_is_said(
    shell: InteractiveShell, server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.hub.spaces, "_patience", 0.1)
    write_notebook(tmp_path, "print('slow')", "slow.ipynb")
    result = publish(shell, "slow.ipynb --space ada/slow")
    assert result.stage == "RUNTIME_ERROR"
    assert "did not answer" in repr(result)
    assert "did not answer" in result._repr_mimebundle_()["text/html"]
