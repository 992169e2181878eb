"""Table question answering: transformers' cells, both forms of call, what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import table_question_answering
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.bert import make_bert
from tests.compute.tiny_models.tapas import make_tapas

TABLE = {"who": ["ada", "bob", "ada and bob"], "made": ["12", "7", ""], "in": ["london", "é", "x"]}
QUESTIONS = ["who made 12?", "is it long", "london", "a film in paris, 12 or 7?"]


@pytest.fixture(scope="module", params=[("NONE", "SUM", "COUNT"), ()])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tapas(tmp_path_factory.mktemp("models") / "tapas", request.param)


def infer(folder: Path, question: Any, table: Any = TABLE, **parameters: Any) -> Any:
    body = {"inputs": {"question": question, "table": table}, "parameters": parameters}
    return local.infer(folder, "table-question-answering", body)


def test_cells_are_those_of_the_transformers_pipeline(folder: Path) -> None:
    from transformers import pipeline

    reference: Any = pipeline("table-question-answering", model=str(folder))
    found = 0
    for question in QUESTIONS:
        expected = reference(table=TABLE, query=question)
        answer = infer(folder, question)
        expected["coordinates"] = [list(place) for place in expected["coordinates"]]
        assert answer == expected
        found += len(answer["cells"])
    assert found


def test_both_forms_of_call_and_numbers_in_cells(folder: Path) -> None:
    parameters = {"padding": "longest", "sequential": True, "truncation": True, "model": "x"}
    body = {"inputs": {"query": QUESTIONS[0], "table": TABLE}, "parameters": parameters}
    assert local.infer(folder, "table-question-answering", body) == infer(folder, QUESTIONS[0])
    numbers = {**TABLE, "made": [12, 7, None]}
    assert infer(folder, QUESTIONS[0], numbers) == infer(folder, QUESTIONS[0])


def test_rows_that_do_not_fit_are_left_out_or_refused(folder: Path) -> None:
    long = {name: cells * 3000 for name, cells in TABLE.items()}
    answer = infer(folder, "dull", long)
    assert all(row < 22 for row, _ in answer["coordinates"])
    with pytest.raises(InvalidRequestError, match=r"inputs\.table: the table does not fit"):
        infer(folder, "dull", long, truncation=False)
    middle = {name: cells * 5 for name, cells in TABLE.items()}
    with pytest.raises(InvalidRequestError, match=r"inputs\.table: the table does not fit"):
        infer(folder, "dull", middle, truncation=False)


@pytest.mark.parametrize(
    ("question", "table", "message"),
    [
        ("who " * 40, TABLE, r"inputs\.question: it takes more than half of the 64 tokens"),
        ("who", {f"c{n}": ["x"] for n in range(70)}, "70 columns are more than the model can see"),
        ("who", {f"c{n}": ["x"] for n in range(40)}, "not even the first row of the table fits"),
    ],
)
def test_what_only_the_model_can_tell_is_refused_too(
    folder: Path, question: str, table: Any, message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        infer(folder, question, table)


def test_strange_cells_are_read(folder: Path) -> None:
    strange = ["\U0001f600", "\u202eabc", "\x00\x01", "x" * 900_000, " ", "1e400", "31.02.2020"]
    answer = infer(folder, "who?", {"a\x00": strange, "": [""] * 7})
    assert set(answer) >= {"answer", "cells", "coordinates"}


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        ("x", {}, "inputs: send a JSON object"),
        ({"table": TABLE}, {}, r"inputs\.question: expected a text"),
        ({"query": "", "table": TABLE}, {}, r"inputs\.query: the text is empty"),
        ({"query": "x", "question": "x", "table": TABLE}, {}, "send either query or question"),
        ({"question": "x"}, {}, r"inputs\.table: send columns"),
        ({"question": "x", "table": {}}, {}, r"inputs\.table: send columns"),
        ({"question": "x", "table": {"a": []}}, {}, r"inputs\.table: send 1 to"),
        ({"question": "x", "table": {"a": ["1"], "b": []}}, {}, r"inputs\.table\.b: 0 values"),
        ({"question": "x", "table": {"a": [[]]}}, {}, r"inputs\.table\.a\[0\]: send a text"),
        ({"question": "x", "table": {"a": ["\ud800"]}}, {}, r"table\.a\[0\]: the text has half"),
        ({"question": "x", "table": {"a": ["x" * 999_999, "yy"]}}, {}, "more than 1,000,000"),
        ({"question": "x", "table": TABLE, "k": 1}, {}, r"inputs\.k: unknown"),
        ({"question": "x", "table": TABLE}, {"padding": True}, "padding: use do_not_pad"),
        ({"question": "x", "table": TABLE}, {"truncation": "x"}, "truncation: use true or false"),
        ({"question": "x", "table": TABLE}, {"top_k": 1}, r"parameters\.top_k: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(
    inputs: Any, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        table_question_answering.parse({"inputs": inputs, "parameters": parameters})


def test_a_model_that_reads_no_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="transformers cannot load it"):
        infer(make_bert(tmp_path / "bert", "ForQuestionAnswering"), "who?")
