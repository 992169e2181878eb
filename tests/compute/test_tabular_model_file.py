"""The file of a model over a table: it comes back whole, and nothing hostile gets in with it."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from phub_jupyter.compute.tabular.model_file import load, save
from phub_jupyter.errors import HubError, InvalidRequestError, NotSupportedError

CLASSIFICATION, REGRESSION = "tabular-classification", "tabular-regression"


def table(rows: int = 60) -> tuple[pd.DataFrame, Any, Any]:
    """Inputs of two kinds with gaps, a class and a number to predict."""
    random = np.random.default_rng(3)
    age, town = random.uniform(20, 70, rows), random.choice(["Bonn", "Köln", "Trier"], rows)
    value = age * 10 + (town == "Bonn") * 300
    columns: dict[str, Any] = {"age": age, "town": town.astype(object)}
    columns["age"][::9], columns["town"][::11] = np.nan, np.nan
    return pd.DataFrame(columns), np.where(value > 500, "yes", "no"), value


def prepared(estimator: Any) -> Any:
    """An estimator behind the preparation that a table of mixed columns needs."""
    number = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    text = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(
        ColumnTransformer([("number", number, ["age"]), ("text", text, ["town"])]), estimator
    )


@pytest.mark.parametrize(
    ("estimator", "task"),
    [
        (prepared(LogisticRegression()), CLASSIFICATION),
        (prepared(RandomForestClassifier(5, random_state=0)), CLASSIFICATION),
        (prepared(HistGradientBoostingClassifier(max_iter=5)), CLASSIFICATION),
        (prepared(MLPClassifier((4,), solver="lbfgs", random_state=0)), CLASSIFICATION),
        (prepared(HistGradientBoostingRegressor(max_iter=5)), REGRESSION),
        (prepared(Ridge()), REGRESSION),
    ],
    ids=lambda value: type(value[-1]).__name__ if not isinstance(value, str) else value,
)
def test_a_model_predicts_the_same_after_the_journey(
    estimator: Any, task: str, tmp_path: Path
) -> None:
    inputs, classes, values = table()
    estimator.fit(inputs, classes if task == CLASSIFICATION else values)
    files = save(estimator, tmp_path, task=task, example=inputs.head(3).to_dict("list"))
    assert sorted(path.name for path in files) == ["config.json", "model.skops"]
    model = load(tmp_path)
    assert (model.task, model.columns) == (task, {"age": "number", "town": "text"})
    cells = {"town": inputs["town"].fillna("").tolist(), "more": [0] * len(inputs)}
    cells["age"] = ["" if np.isnan(age) else repr(age) for age in inputs["age"].tolist()]
    assert model.estimator.predict(model.frame(cells)).tolist() == (
        estimator.predict(inputs).tolist()
    )


def test_the_description_is_the_one_of_scikit_learn_repositories(tmp_path: Path) -> None:
    inputs, classes, _ = table()
    save(
        prepared(LogisticRegression()).fit(inputs, classes),
        tmp_path,
        task=CLASSIFICATION,
        example=inputs.head(2).to_dict("list"),
    )
    described = json.loads((tmp_path / "config.json").read_text("utf-8"))["sklearn"]
    assert described["columns"] == ["age", "town"]
    assert described["example_input"]["age"][0] is None
    assert (described["model"], described["model_format"]) == ({"file": "model.skops"}, "skops")
    assert described["task"] == CLASSIFICATION


def write(folder: Path, data: bytes, file: str = "model.skops") -> Path:
    """A folder with these bytes for a model."""
    described = {
        "columns": ["age"],
        "example_input": {"age": [1.0]},
        "task": CLASSIFICATION,
        "model": {"file": file},
    }
    (folder / "config.json").write_text(json.dumps({"sklearn": described}), "utf-8")
    (folder / file).write_bytes(data)
    return folder


def shout(values: Any) -> Any:
    """A function of its own in a model, which a stranger's hub cannot have."""
    return values


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (FunctionTransformer(shout), "shout"),
        (FunctionTransformer(np.fromfile), "numpy.fromfile"),
        (FunctionTransformer(partial(open, mode="w")), "open"),
        (CountVectorizer(input="filename"), "CountVectorizer"),
        ({"predict": exit}, "Quitter"),
    ],
)
def test_a_type_that_is_not_on_the_list_is_refused_by_name(
    estimator: Any, named: str, tmp_path: Path
) -> None:
    with pytest.raises(NotSupportedError, match=f"model: its file holds .*{named}"):
        load(write(tmp_path, skops.io.dumps(estimator)))


def test_a_model_that_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match="CountVectorizer"):
        save(CountVectorizer(), tmp_path, task=CLASSIFICATION, example={"text": ["a"]})
    assert list(tmp_path.iterdir()) == []


def test_a_pickle_is_refused_and_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "opened",))

    for file in ("model.pkl", "model.joblib"):
        with pytest.raises(InvalidRequestError, match=r"may be a pickle.*skops\.io\.dump"):
            load(write(tmp_path, pickle.dumps(Trap()), file))
    with pytest.raises(InvalidRequestError, match=r"model\.skops cannot be read"):
        load(write(tmp_path, pickle.dumps(Trap())))
    assert not (tmp_path / "opened").exists()


def forged(estimator: Any, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A saved model with its nodes of trees changed: ``change`` gets the columns of an array."""
    archive = zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as changed:
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(data))
                if array.dtype.names:
                    change({field: array[field] for field in array.dtype.names})
                    buffer = io.BytesIO()
                    np.save(buffer, array)
                    data = buffer.getvalue()
            changed.writestr(name, data)
    return out.getvalue()


def _set(field: str, value: int) -> Callable[[dict[str, Any]], None]:
    def change(fields: dict[str, Any]) -> None:
        fields[field][0] = value

    return change


BOOSTED = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=2, categorical_features=[1])


@pytest.mark.parametrize(
    ("estimator", "field", "value", "message"),
    [
        (DecisionTreeClassifier(), "left_child", 10**9, "leads nowhere"),
        (DecisionTreeClassifier(), "right_child", 0, "leads nowhere"),
        (DecisionTreeClassifier(), "feature", 10**6, "asks for a column"),
        (RandomForestClassifier(2), "feature", -7, "asks for a column"),
        (BOOSTED, "left", 10**6, "leads nowhere"),
        (BOOSTED, "right", 0, "leads nowhere"),
        (BOOSTED, "feature_idx", 10**6, "asks for a column"),
        (BOOSTED, "bitset_idx", 10**6, "asks for a category"),
    ],
)
def test_a_forged_tree_is_refused_before_it_can_read_foreign_memory(
    estimator: Any, field: str, value: int, message: str, tmp_path: Path
) -> None:
    _, classes, values = table()
    inputs = np.column_stack([values, (classes == "yes") * 1.0])
    if estimator is BOOSTED:
        inputs[:, 0] = 1  # so that the first question is about the category
    estimator.fit(inputs, classes)
    good = load(write(tmp_path, forged(estimator, lambda fields: None)))
    assert good.estimator.predict(inputs).tolist() == estimator.predict(inputs).tolist()
    with pytest.raises(InvalidRequestError, match=message):
        load(write(tmp_path, forged(estimator, _set(field, value))))


def test_trees_outside_of_a_model_and_trees_without_columns_are_refused(tmp_path: Path) -> None:
    inputs, classes, _ = table()
    fitted = DecisionTreeClassifier().fit(inputs[["age"]].fillna(0), classes)
    with pytest.raises(InvalidRequestError, match="belongs to no model"):
        load(write(tmp_path, skops.io.dumps(make_pipeline(fitted.tree_))))
    del fitted.n_features_in_
    with pytest.raises(InvalidRequestError, match="how many columns"):
        load(write(tmp_path, skops.io.dumps(fitted)))


def schema_of(estimator: Any, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A saved model with its description changed."""
    archive = zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator)))
    schema = json.loads(archive.read("schema.json"))
    change(schema)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as changed:
        for name in archive.namelist():
            data = json.dumps(schema).encode() if name == "schema.json" else archive.read(name)
            changed.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        schema_of(Ridge(), lambda schema: schema.update(protocol=0)),
        schema_of(Ridge(), lambda schema: schema.update(__loader__="MethodNode")),
        schema_of(Ridge(), lambda schema: schema.update(content={})),
        schema_of(Ridge(), lambda schema: schema.update(__module__=["os"])),
    ],
)
def test_a_damaged_file_is_refused_in_one_sentence(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="^model: "):
        load(write(tmp_path, data))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "has no config.json"),
        ("{", "config.json must hold"),
        ("[]", "config.json must hold"),
        ('{"sklearn": {"columns": ["a"]}}', "config.json must hold"),
        (
            '{"sklearn": {"columns": ["a"], "example_input": {"a": [1]}, "task": "x", '
            '"model": {"file": "../model.skops"}}}',
            "config.json must hold",
        ),
        (
            '{"sklearn": {"columns": ["a"], "example_input": {"a": [1]}, "task": "x", '
            '"model": {"file": "model.skops"}}}',
            "must be tabular-classification or tabular-regression",
        ),
        (
            '{"sklearn": {"columns": ["a"], "example_input": {"a": [1]}, '
            '"task": "tabular-regression", "model": {"file": "m.skops"}}}',
            r"has no m\.skops",
        ),
    ],
)
def test_a_folder_without_a_usable_description_is_refused(
    config: str | None, message: str, tmp_path: Path
) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(InvalidRequestError, match=message):
        load(tmp_path)
