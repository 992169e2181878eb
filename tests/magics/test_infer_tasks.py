"""``%phub infer`` for every task over texts: plain answers, and a view that suits the task."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from phub_jupyter.frames import Media
from phub_magics.views import VIEWS, view_of
from tests.conftest import HubServer
from tests.magics.shells import hub_shell
from tests.server.text_models import text_model_server

CONTEXT = "ada made the film in london. bob made music in paris."
LANGUAGES = "--parameter src_lang=eng_Latn --parameter tgt_lang=fra_Latn"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with text_model_server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def shell(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    (tmp_path / "table.csv").write_text("who,made\nada,12\nbob,7\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with hub_shell(server, monkeypatch, tmp_path) as running:
        yield running


def infer(shell: InteractiveShell, line: str) -> Any:
    return shell.run_line_magic("phub", f"infer ada/{line}")


LINES = {
    "token-classification": '"ada in london" bob --parameter ignore_labels=[]',
    "fill-mask": '"a [MASK] film" "[MASK] is [MASK]" --top-k 2',
    "question-answering": f'"who made it?" "who was bob?" --context "{CONTEXT}" --top-k 2',
    "zero-shot-classification": 'film music --labels "film, sport" --parameter multi_label=true',
    "feature-extraction": '"a film" dull bob',
    "sentence-similarity": '"a film" "dull" --sentences "a film" "bob in paris"',
    "summarization": f'"{CONTEXT}" dull --parameter max_new_tokens=4',
    "translation": f'"a film" bob {LANGUAGES} --parameter max_new_tokens=4',
    "table-question-answering": '"who made 12?" "who was 7?" --table table.csv',
}
SHOWN = {
    "token-classification": r"<mark[^>]*>ada",
    "fill-mask": r"\(gap 2\)",
    "question-answering": r"<mark[^>]*>[^<]+</mark>",
    "zero-shot-classification": r">sport</td>",
    "feature-extraction": r"4 tokens × 32 numbers<br><code[^>]*>\[-?\d",
    "sentence-similarity": r"bob in paris</td>",
    "summarization": r"pre-wrap",
    "translation": r"pre-wrap",
    "table-question-answering": r"<b>",
}


@pytest.mark.parametrize("task", sorted(LINES))
def test_each_text_gets_an_answer_that_shows_itself(shell: InteractiveShell, task: str) -> None:
    result = infer(shell, f"{task} {LINES[task]}")
    assert len(result) == (3 if task == "feature-extraction" else 2)
    assert json.loads(json.dumps(result)) == result
    html = result._repr_html_()
    assert re.search(SHOWN[task], html), html
    assert html.count("<th ") == html.count("</th>")
    assert html.count("<td ") == html.count("</td>")


@pytest.mark.parametrize("task", ["question-answering", "sentence-similarity", "fill-mask"])
def test_local_and_the_hub_agree(shell: InteractiveShell, task: str) -> None:
    there = infer(shell, f"{task} {LINES[task]}")
    here = infer(shell, f"{task} {LINES[task]} --local")
    assert _numbers(here) == pytest.approx(_numbers(there), abs=0.02)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    children = value.values() if isinstance(value, dict) else value
    nested = [] if isinstance(value, str | int) else [_numbers(child) for child in children]
    return [number for numbers in nested for number in numbers]


def test_a_sentence_model_gives_vectors_too(shell: InteractiveShell) -> None:
    line = "sentence-similarity dull bob --task feature-extraction"
    assert [len(vector) for vector in infer(shell, line)] == [32, 32]
    assert "32 numbers" in infer(shell, line)._repr_html_()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("question-answering who", "--context: missing; write --context"),
        ("zero-shot-classification who", "--labels: missing"),
        ("sentence-similarity who", "--sentences: missing"),
        ("table-question-answering who", "--table: missing"),
        ("table-question-answering who --table none.csv", "--table: none.csv cannot be read"),
        ("fill-mask [MASK] --context x", "--context: it is for models for question-answering"),
        ("fill-mask [MASK] --parameter top_k", "not of the form NAME=VALUE"),
        ("fill-mask [MASK] --parameter k=3", r"parameters\.k: unknown; this task takes targets"),
        ("fill-mask [MASK] --task dance", "invalid choice: 'dance'"),
        ("fill-mask dull", r"text 1 has no gap .* write \[MASK\]"),
        ("fill-mask [MASK] --task summarization", "is a model for 'fill-mask', not for"),
    ],
)
def test_a_mistake_is_one_sentence(shell: InteractiveShell, line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as mistake:
        infer(shell, line)
    assert "\n" not in str(mistake.value)


EVIL = "<img src=x onerror=alert(1)>\"'&"
ANSWERS: dict[str, Any] = {
    "text-classification": [{"label": EVIL, "score": 0.5}],
    "zero-shot-classification": [{"label": EVIL, "score": 0.5}],
    "token-classification": [
        {"entity_group": EVIL, "score": 0.5, "word": EVIL, "start": 1, "end": 9}
    ],
    "fill-mask": [{"token_str": EVIL, "score": 0.5, "token": 1, "sequence": EVIL}],
    "question-answering": [
        {"answer": EVIL, "score": 0.5, "start": 0, "end": 9},
        {"answer": "", "score": 0.1, "start": 0, "end": 0},
    ],
    "table-question-answering": {"answer": EVIL, "cells": [EVIL], "coordinates": [[0, 0]]},
    "sentence-similarity": [0.5],
    "feature-extraction": [0.25] * 9,
    "summarization": {"summary_text": EVIL},
    "translation": {"translation_text": EVIL},
    "text-generation": {"generated_text": EVIL},
    "tabular-classification": EVIL,
    "tabular-regression": EVIL,
    "image-classification": [{"label": EVIL, "score": 0.5}],
    "zero-shot-image-classification": [{"label": EVIL, "score": 0.5}],
    "audio-classification": [{"label": EVIL, "score": 0.5}],
    "object-detection": [
        {"label": EVIL, "score": 0.5, "box": dict.fromkeys(("xmin", "ymin", "xmax", "ymax"), 1)}
    ],
    "image-segmentation": [{"label": EVIL, "mask": EVIL}],
    "image-to-text": {"generated_text": EVIL},
    "automatic-speech-recognition": {"text": EVIL},
    "visual-question-answering": [{"answer": EVIL, "score": 0.5}],
    "document-question-answering": [{"answer": EVIL, "score": 0.5}],
    "audio-to-audio": [{"label": EVIL, "content-type": EVIL, "blob": ""}],
    "text-to-image": Media(EVIL, b""),
    "text-to-speech": Media(EVIL, b""),
    "text-to-audio": Media(EVIL, b""),
}


@pytest.mark.parametrize("task", sorted(VIEWS))
def test_markup_is_shown_as_text_and_what_is_left_out_counted(task: str) -> None:
    about = {"context": EVIL, "sentences": [EVIL], "table": {EVIL: [EVIL]}}
    text = "1" if task.startswith("tabular-") else EVIL
    html = view_of(task, [text] * 60, [ANSWERS[task]] * 60, about)._repr_html_()
    assert "<img" not in html
    assert "&lt;" in html
    assert "10 more texts" in html
    assert set(re.findall(r"<(\w+)", html)) <= {
        *("table", "thead", "tbody", "tr", "th", "td", "span", "mark", "small", "div", "br"),
        *("b", "em", "code", "p"),
    }


def test_long_texts_are_shown_in_part() -> None:
    context = "x" * 1000 + "ada" + "y" * 1000
    found = {"answer": "ada", "score": 0.5, "start": 1000, "end": 1003}
    html = view_of("question-answering", ["who?"], [found], {"context": context})._repr_html_()
    assert "…x" in html
    assert "y…" in html
    assert html.count("x") < 400
    tagged = view_of("token-classification", ["z" * 90_000], [[]], {})._repr_html_()
    assert tagged.count("z") < 21_000
