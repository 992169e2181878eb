"""Evaluations as a whole: going on after a stop, comparing, and saying what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, Features, Value

from phub_jupyter.compute.evaluation import run as run_module
from phub_jupyter.compute.evaluation.compare import _holm, mcnemar
from phub_jupyter.compute.evaluation.label_map import LabelMap
from phub_jupyter.compute.evaluation.run import CancelledError
from phub_jupyter.compute.evaluation.settings import Settings
from phub_jupyter.compute.evaluation.slices import by_length, by_value, in_order
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from tests.compute.evaluation_data import evaluate_here, sentences, write_dataset
from tests.compute.tiny_classifier import LABELS, make_classifier

_TASK = "text-classification"
_FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=list(LABELS))})


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    return [make_classifier(folder / name, seed=seed) for name, seed in (("one", 5), ("two", 6))]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    columns = {"text": sentences(600), "label": [place % 3 for place in range(600)]}
    return write_dataset(tmp_path_factory.mktemp("data") / "rows", columns, _FEATURES)


def test_models_are_compared_on_the_same_rows(
    models: list[Path], data: Path, tmp_path: Path
) -> None:
    report = evaluate_here(_TASK, models, data, tmp_path, metrics=("accuracy", "f1"), rows=100)
    assert report.rows == 100
    assert [each.model for each in report.models] == ["one", "two"]
    assert [(each.model, each.metric) for each in report.comparisons] == [
        ("two", "accuracy"),
        ("two", "f1"),
    ]
    one, two = (each.scores["accuracy"].value for each in report.models)
    assert report.comparisons[0].difference == pytest.approx(two - one)
    assert report.comparisons[0].mcnemar is not None
    lines = [
        [json.loads(line) for line in (tmp_path / "predictions" / name).read_text().splitlines()]
        for name in ("1.jsonl", "2.jsonl")
    ]
    assert [line["row"] for line in lines[0][1:]] == [line["row"] for line in lines[1][1:]]
    assert len(lines[0]) == 101
    assert json.loads((tmp_path / "report.json").read_text())["rows"] == 100


def test_a_model_against_itself_is_no_different(
    models: list[Path], data: Path, tmp_path: Path
) -> None:
    report = evaluate_here(_TASK, [models[0], models[0]], data, tmp_path, rows=60)
    assert not any(each.significant for each in report.comparisons)
    assert {each.difference for each in report.comparisons} == {0.0}


def test_what_was_answered_is_not_asked_again(
    models: list[Path], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    infer_all = run_module.infer_all

    def counted(folder: Path, task: str, bodies: Any) -> Any:
        asked.append(len(bodies))
        return infer_all(folder, task, bodies)

    monkeypatch.setattr(run_module, "infer_all", counted)
    stop = {"cancelled": lambda: len(asked) == 1}
    with pytest.raises(CancelledError):
        evaluate_here(_TASK, models[:1], data, tmp_path, stop)
    kept = tmp_path / "predictions" / "1.jsonl"
    with kept.open("a") as file:
        file.write('{"row": 256, "refer')  # as a crash leaves it
    seen: list[tuple[str, int, int]] = []
    more = {"progress": lambda *step: seen.append(step)}
    resumed = evaluate_here(_TASK, models[:1], data, tmp_path, more)
    assert asked == [256, 256, 88]
    assert seen == [("one", 256, 600), ("one", 512, 600), ("one", 600, 600)]
    monkeypatch.undo()
    whole = evaluate_here(_TASK, models[:1], data, tmp_path / "other")
    assert resumed.models[0].scores == whole.models[0].scores
    evaluate_here(_TASK, models[:1], data, tmp_path, seed=1, rows=10)
    assert len(kept.read_text().splitlines()) == 11  # other wishes begin anew


def test_rows_that_cannot_be_asked_about_are_left_out(models: list[Path], tmp_path: Path) -> None:
    columns = {"text": ["good", "", "  ", None, "bad"], "label": [0, 1, 2, 0, -1]}
    rows = write_dataset(tmp_path / "rows", columns, _FEATURES)
    report = evaluate_here(_TASK, models[:1], rows, tmp_path / "run")
    assert (report.rows, report.left_out) == (1, 4)
    unlabelled = write_dataset(tmp_path / "none", {"text": ["good"], "label": [-1]}, _FEATURES)
    with pytest.raises(InvalidRequestError, match="none of its 1 rows .* --split"):
        evaluate_here(_TASK, models[:1], unlabelled, tmp_path / "other")


def test_slices_by_a_column(models: list[Path], tmp_path: Path) -> None:
    features = Features({**_FEATURES, "source": Value("string")})
    columns = {
        "text": sentences(60),
        "label": [place % 3 for place in range(60)],
        "source": ["news" if place % 4 else "mail" for place in range(60)],
    }
    rows = write_dataset(tmp_path / "rows", columns, features)
    report = evaluate_here(_TASK, models[:1], rows, tmp_path / "run", slice_by="source")
    parts = {part.name: part for part in report.models[0].slices}
    assert {name: part.rows for name, part in parts.items()} == {"mail": 15, "news": 45}
    total = sum(part.scores["accuracy"].value * part.rows for part in parts.values()) / 60
    assert total == pytest.approx(report.models[0].scores["accuracy"].value)
    with pytest.raises(InvalidRequestError, match="slice: the dataset has no column 'author'"):
        evaluate_here(_TASK, models[:1], rows, tmp_path / "run", slice_by="author")


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"metrics": ("bleu",)}, "metric: 'bleu' is none"),
        ({"split": "train"}, "split: there is no 'train'; the dataset has test"),
        ({"columns": {"text": "body"}}, "text-column: the dataset has no column 'body'"),
        ({"columns": {"label": "text"}}, "labels: the model says"),
        ({"labels": {"negative": "angry"}}, "label: the dataset has no class 'angry'"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_runs(
    settings: dict[str, Any], word: str, models: list[Path], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequestError, match=word):
        evaluate_here(_TASK, models[:1], data, tmp_path, **settings)
    assert not list(tmp_path.iterdir())


def test_tasks_without_evaluation_are_refused() -> None:
    with pytest.raises(NotSupportedError, match="'fill-mask' cannot be evaluated yet"):
        Settings("fill-mask")


@pytest.mark.parametrize(
    ("labels", "classes", "given", "place"),
    [
        (("NEG", "pos"), ("neg", "POS"), {}, {"NEG": 0, "pos": 1}),
        (("LABEL_0", "LABEL_1"), ("no", "yes"), {}, {"LABEL_0": 0, "LABEL_1": 1}),
        (("sad", "glad"), ("0", "1"), {}, {"sad": 0, "glad": 1}),
        (("glad", "sad"), ("no", "yes"), {"glad": "yes", "sad": "no"}, {"glad": 1, "sad": 0}),
        (("no", "maybe", "yes"), ("no", "yes"), {}, {"no": 0, "maybe": 2, "yes": 1}),
        (("not_good", "good"), ("not good", "good"), {}, {"not_good": 0, "good": 1}),
    ],
)
def test_labels_are_matched(
    labels: tuple[str, ...], classes: tuple[str, ...], given: dict[str, str], place: dict[str, int]
) -> None:
    assert LabelMap.of(labels, classes, given).place == place


def test_labels_that_cannot_be_matched_are_named() -> None:
    with pytest.raises(InvalidRequestError, match="'glad', 'sad'.*'no', 'yes'.*--label LABEL=no"):
        LabelMap.of(("glad", "sad"), ("no", "yes"), {})
    with pytest.raises(InvalidRequestError, match="say which label is 'yes'"):
        LabelMap.of(("LABEL_0", "LABEL_1", "LABEL_2"), ("no", "yes"), {"LABEL_0": "no"})


def test_mcnemar_and_holm_are_those_of_the_textbook() -> None:
    import numpy as np

    first = np.array([True] * 10 + [False] * 2)
    second = np.array([False] * 10 + [True] * 2)
    assert mcnemar(first, second) == pytest.approx(0.03857421875)
    assert _holm([0.01, 0.04, 0.03, None]) == pytest.approx([0.03, 0.06, 0.06, None], nan_ok=True)


def test_slices_are_few_and_named_for_people() -> None:
    assert in_order(by_length(["a" * n for n in range(1, 101)])) == [
        "1 to 26 characters",
        "26 to 51 characters",
        "51 to 75 characters",
        "75 to 100 characters",
    ]
    assert by_length(["same", "same"]) == ["4 to 4 characters"] * 2
    many = [f"name {place % 40}" for place in range(400)]
    assert len(set(by_value(many))) == 12
    assert by_value([0, 1, None, -1], ["no", "yes"]) == ["no", "yes", "none", "none"]
    assert len(set(by_value([place / 7 for place in range(50)]))) == 4
