"""Models over tables: both forms of a table, one value a row, one sentence a mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.tabular.model_file import save
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.tables import make_table_model

ROWS = {"age": ["31", "64", "22"], "town": ["Bonn", "Trier", "Köln"]}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_table_model(tmp_path_factory.mktemp("models") / "classes", "tabular-classification")


@pytest.fixture(scope="module")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_table_model(tmp_path_factory.mktemp("models") / "numbers", "tabular-regression")


def test_both_forms_of_a_table_give_one_value_a_row(classifier: Path, regression: Path) -> None:
    python: dict[str, Any] = {"table": ROWS, "parameters": {}}
    javascript = {"inputs": {"data": ROWS}}
    classes = local.infer(classifier, "tabular-classification", python)
    assert classes == ["yes", "yes", "no"]
    assert local.infer(classifier, "tabular-classification", javascript) == classes
    numbers = local.infer(regression, "tabular-regression", javascript)
    assert numbers == pytest.approx([610, 640, 220], abs=90)
    assert local.infer(regression, "tabular-regression", python) == numbers
    json.dumps(numbers, allow_nan=False)


def test_numbers_may_come_as_numbers_and_other_columns_are_left_out(classifier: Path) -> None:
    table = {"name": ["a", "b", "c"], "town": ROWS["town"], "age": [31, 64.0, "22"]}
    assert local.infer(classifier, "tabular-classification", {"table": table}) == [
        "yes",
        "yes",
        "no",
    ]
    gaps = {"age": ["", None], "town": ["", None]}
    assert len(local.infer(classifier, "tabular-classification", {"table": gaps})) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "inputs: send the table as"),
        ({"inputs": [1]}, "inputs: send a JSON object"),
        ({"inputs": {"data": []}}, "inputs.data: send columns"),
        ({"table": {}}, "table: send columns"),
        ({"table": {"age": "31"}}, "table.age: send a list"),
        ({"table": {"age": [[1]]}}, r"table.age\[0\]: send a text or a number, not list"),
        ({"table": {"age": [True], "town": [{}]}}, r"table.town\[0\]: send a text or a number"),
        ({"table": {"age": ["1", "2"], "town": ["Bonn"]}}, "table.town: 1 values, but another"),
        ({"table": {"age": [], "town": []}}, "table: send 1 to 10,000 rows"),
        ({"table": {"age": ["1"] * 10_001}}, "table: send 1 to 10,000 rows"),
        ({"table": {"age": ["1"]}}, "table: the columns town are missing"),
        ({"table": {"age": ["old"], "town": ["x"]}}, r"table.age\[0\]: 'old' is not a number"),
        ({"table": {"age": ["inf"], "town": ["x"]}}, r"table.age\[0\]: infinite"),
        ({"table": ROWS, "parameters": {"top_k": 1}}, "parameters.top_k: unknown"),
    ],
)
def test_a_bad_table_is_refused_by_cell(classifier: Path, body: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        local.infer(classifier, "tabular-classification", body)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (LinearRegression(), "cannot predict from this table: .*not fitted"),
        (LinearRegression().fit(np.ones((3, 2)), np.ones((3, 2))), "one value a row"),
    ],
)
def test_a_model_that_cannot_predict_is_refused_in_one_sentence(
    estimator: Any, message: str, tmp_path: Path
) -> None:
    save(estimator, tmp_path, task="tabular-regression", example={"a": [1.0], "b": [2.0]})
    table = {"a": ["1"], "b": ["2"]}
    with pytest.raises(InvalidRequestError, match=f"^model: .*{message}"):
        local.infer(tmp_path, "tabular-regression", {"table": table})
