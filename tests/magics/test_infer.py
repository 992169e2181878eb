"""``%phub infer`` in a real IPython shell against a real hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from phub_jupyter.errors import InvalidRequestError
from phub_magics.text_file import read_texts
from phub_magics.views.labels import LabelTable
from tests.compute.tiny_classifier import LABELS
from tests.conftest import HubServer
from tests.magics.shells import hub_shell
from tests.server.model_server import REPO, model_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with model_server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    with hub_shell(server, monkeypatch, tmp_path) as running:
        yield running


def infer(shell: InteractiveShell, line: str) -> Any:
    return shell.run_line_magic("phub", f"infer {line}")


def test_the_result_is_plain_json_with_one_list_a_text(shell: InteractiveShell) -> None:
    result = infer(shell, f'{REPO} "a good film" "dull"')
    assert [len(labels) for labels in result] == [3, 3]
    assert {entry["label"] for entry in result[0]} == set(LABELS)
    assert json.loads(json.dumps(result)) == result


def test_the_result_is_kept_in_the_underscore(shell: InteractiveShell) -> None:
    outcome = shell.run_cell(f'%phub infer {REPO} "a good film" --top-k 1', store_history=True)
    assert outcome.success
    kept = shell.user_ns["_"]
    assert kept == outcome.result
    assert len(kept[0]) == 1


def test_local_and_the_hub_agree(shell: InteractiveShell) -> None:
    there = infer(shell, f'{REPO} "a good film" "dull and long" bad')
    here = infer(shell, f'{REPO} "a good film" "dull and long" bad --local')
    for left, right in zip(there, here, strict=True):
        assert [entry["label"] for entry in left] == [entry["label"] for entry in right]
        assert [entry["score"] for entry in left] == pytest.approx(
            [entry["score"] for entry in right], abs=0.02
        )


def test_texts_come_from_a_column_of_a_file(shell: InteractiveShell, tmp_path: Path) -> None:
    table = tmp_path / "my reviews.csv"
    rows = "\n".join(f'{number},"good, film {number}"' for number in range(300))
    table.write_text(f"id,review\n{rows}\n", "utf-8")
    result = infer(shell, f'{REPO} --file "{table}" --column review --top-k 1')
    assert len(result) == 300


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ada/none hello", "Repository not found"),
        (REPO, "TEXT: missing"),
        (f'{REPO} ""', r"inputs\[0\]: the text is empty"),
        (f"{REPO} hello --top-k 0", "whole number from 1"),
        (f"{REPO} hello --file x.csv", "give texts or --file"),
        (f"{REPO} --file nowhere.csv", "nowhere.csv cannot be read"),
        ("noslash hello", "namespace/name"),
        ("ada/none hello --local", "Repository Not Found|Repository not found"),
    ],
)
def test_a_mistake_is_one_sentence(shell: InteractiveShell, line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as mistake:
        infer(shell, line)
    assert "\n" not in str(mistake.value)


def test_a_hub_that_is_away_is_one_sentence(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHUB_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(UsageError, match="The hub cannot be reached"):
        infer(shell, f"{REPO} hello")


def test_the_table_shows_bars_for_shares_and_numbers_for_the_rest() -> None:
    shares = LabelTable(
        ["good"], [[{"label": "yes", "score": 0.75}, {"label": "no", "score": 0.25}]]
    )
    html = shares._repr_html_()
    assert "75.0 %" in html
    assert "width:75.0%" in html
    assert 'scope="row"' in html
    raw = LabelTable(["good"], [[{"label": "stars", "score": 4.25}]])._repr_html_()
    assert "4.25" in raw
    assert "%;" not in raw.replace("100%;", "")


def test_the_table_shows_markup_as_text_and_counts_what_it_leaves_out() -> None:
    evil = "<img src=x onerror=alert(1)>"
    table = LabelTable([evil] * 60, [[{"label": evil, "score": 1.0}]] * 60)
    html = table._repr_html_()
    assert "<img" not in html
    assert html.count("&lt;img") == 100
    assert "10 more texts" in html


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.txt", "one\n\n two \n", ["one", " two "]),
        ("a.csv", '\ufefftext,x\n"a, b",1\n"two\nlines",2\n', ["a, b", "two\nlines"]),
        ("a.tsv", "text\tx\na, b\t1\n", ["a, b"]),
        ("a.jsonl", '{"text": "one"}\n\n{"text": "two"}\n', ["one", "two"]),
    ],
)
def test_files_of_texts(tmp_path: Path, name: str, content: str, texts: list[str]) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    assert read_texts(tmp_path / name, "text") == texts


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"x,y\n1,2\n", "no column 'text'; it has x, y"),
        ("a.csv", b"", "no column 'text'"),
        ("a.csv", b"text\n", "has no texts"),
        ("a.jsonl", b"{}\n", "line 1 has no text under 'text'"),
        ("a.jsonl", b"nope\n", "line 1 is not valid JSON"),
        ("a.txt", b"\xff\xff", "not UTF-8"),
        ("a.xlsx", b"x", "'.xlsx' is unknown"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidRequestError, match=message):
        read_texts(tmp_path / name, "text")
