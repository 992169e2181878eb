"""``provenance.json`` of a pushed model: what it says of the run, and what it never says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from IPython.core.interactiveshell import InteractiveShell

from phub_magics.notebook_cells import executed_cells, masked
from tests.compute.training_data import write_dataset
from tests.conftest import HubServer
from tests.magics.shells import hub_shell
from tests.magics.test_train_tables import FLOWERS, flowers

MODEL = "ada/told"
SECRET = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("served")
    folder = write_dataset(root / "flowers", named=False, train=flowers())
    running = HubServer(root / "hub")
    try:
        running.add_user("ada")
        api = HfApi(endpoint=running.endpoint, token=running.token())
        api.create_repo(FLOWERS, repo_type="dataset")
        api.upload_folder(repo_id=FLOWERS, repo_type="dataset", folder_path=folder)
        yield running
    finally:
        running.close()


@pytest.fixture
def shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JPY_SESSION_NAME", "")
    with hub_shell(server, monkeypatch, tmp_path) as running:
        monkeypatch.setenv("PHUB_TOKEN", server.token())
        yield running


def pushed(server: HubServer, repo: str, folder: Path, name: str = "provenance.json") -> str:
    api = HfApi(endpoint=server.endpoint, token=server.token())
    return Path(api.hf_hub_download(repo, name, local_dir=folder)).read_text("utf-8")


def test_a_pushed_model_says_where_it_comes_from_and_no_secret(
    shell: InteractiveShell,
    server: HubServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "correct horse")
    own = server.token()
    for cell in (
        f"api_token = '{SECRET}'",
        "said = 'correct horse'",
        f"shown = '{own}'",
        "answer = 6 * 7",
        f"%phub train --dataset {FLOWERS} --to {MODEL} --candidates 3 --seed 5",
    ):
        shell.run_cell(cell, store_history=True).raise_error()
    assert "will hold the code of 5 cells; --no-cells leaves it out" in capsys.readouterr().out

    text = pushed(server, MODEL, tmp_path)
    record = pushed(server, MODEL, tmp_path, "phub_run.jsonl")
    for secret in (SECRET, "correct horse", own):
        assert secret not in text
        assert secret not in record
    told = json.loads(text)
    api = HfApi(endpoint=server.endpoint, token=server.token())
    assert told["dataset"] == {"repo": FLOWERS, "commit": api.dataset_info(FLOWERS).sha}
    assert told["base_model"] is None
    assert told["seed"] == told["recipe"]["settings"]["seed"] == 5
    assert told["candidate"]["parameters"]
    assert told["hardware"]["cores"] >= 1
    assert told["hardware"]["memory_gib"] > 0
    assert told["packages"]["scikit-learn"]
    assert told["notebook"] is None
    assert told["seconds"] > 0
    assert told["energy"]["cpu_seconds"] > 0
    assert told["energy"]["watt_hours"] > 0
    assert "answer = 6 * 7" in told["cells"]["sources"]
    assert told["cells"]["sources"][-1].startswith("%phub train")
    card = pushed(server, MODEL, tmp_path, "README.md")
    (line,) = (line for line in card.splitlines() if line.startswith("- Machine: "))
    assert told["hardware"]["cpu"] in line
    assert " Wh (" in line


def test_no_cells_leaves_the_code_out(
    shell: InteractiveShell, server: HubServer, tmp_path: Path
) -> None:
    line = f"%phub train --dataset {FLOWERS} --to ada/silent --candidates 2 --no-cells"
    shell.run_cell("mine = 'nobody else reads this'", store_history=True).raise_error()
    shell.run_cell(line, store_history=True).raise_error()
    text = pushed(server, "ada/silent", tmp_path)
    assert json.loads(text)["cells"] is None
    assert "nobody else" not in text


@pytest.mark.parametrize(
    ("source", "secret"),
    [
        ("login(token='abc')", "abc"),
        ("os.environ['API_KEY'] = 'xyz'", "xyz"),
        ('{"password": "hunter2"}', "hunter2"),
        ('PASSWORD = """two\nlines"""', "two"),
        ("%env WANDB_TOKEN=letters", "letters"),
        ("%env WANDB_TOKEN letters", "letters"),
        ("!tool --password letters", "letters"),
        ("!curl -H 'Authorization: Bearer abcdefghij'", "abcdefghij"),
        ("secret: 0123456789abcdef", "0123456789abcdef"),
        ("key = '0123456789abcdef0123'", "0123456789abcdef0123"),
        ("get('https://ada:hidden@example.org')", "hidden"),
        ("x = '-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----'", "MIIabc"),
        ("x = 'eyJhbGciOi.eyJzdWIi.c2lnbmVk'", "c2lnbmVk"),
    ],
)
def test_what_looks_like_a_secret_is_masked(source: str, secret: str) -> None:
    assert secret in source
    assert secret not in masked(source, {})
    assert "…" in masked(source, {})


@pytest.mark.parametrize(
    "source",
    [
        "tokenizer = AutoTokenizer.from_pretrained('ada/tiny')",
        "columns = ['tokens', 'ner_tags']",
        "load('ada/tiny', revision='0123456789abcdef0123456789abcdef01234567')",
        "rows = sorted(rows, key=lambda row: row['text'])",
        "max_tokens = 20",
    ],
)
def test_ordinary_code_stays_as_it_is(source: str) -> None:
    assert masked(source, {}) == source


def test_the_newest_cells_stay_when_there_are_too_many() -> None:
    class History:
        input_hist_raw = ["", "a" * 150_000, "b" * 100_000, "c" * 90_000]

    class Session:
        history_manager = History()

    cells: dict[str, Any] = executed_cells(Session())
    assert [source[0] for source in cells["sources"]] == ["b", "c"]
    assert cells["left_out"] == 1
