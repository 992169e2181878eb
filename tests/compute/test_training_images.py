"""Models of pictures: handwritten digits, numbers, and files that are no picture."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference.local import infer
from phub_jupyter.compute.training import Control, Record, Settings, prepare, run
from phub_jupyter.compute.training.data import Data
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.image_classifiers import make_image_classifier
from tests.compute.tiny_models.pictures import file_of
from tests.compute.training_trial import scores_of, train_one

TASK = "image-classification"


def digits(number: int, start: int = 0) -> list[dict[str, Any]]:
    """Handwritten zeros and ones of scikit-learn, with the ink on them as a number."""
    from PIL import Image
    from sklearn.datasets import load_digits

    found: Any = load_digits(n_class=2)
    rows = []
    for pixels, kind in zip(found.images[start:], found.target[start:], strict=True):
        image = Image.fromarray((pixels * 15).astype("uint8"))
        ink = float(pixels.mean() * 10)
        rows.append({"image": {"bytes": file_of(image), "path": None}, "label": kind, "ink": ink})
    return rows[:number]


def write_pictures(folder: Path, **splits: list[dict[str, Any]]) -> Path:
    from datasets import ClassLabel, Dataset, Features, Image, Value

    kinds = {"image": Image(), "label": ClassLabel(names=["zero", "one"]), "ink": Value("float64")}
    (folder / "data").mkdir(parents=True)
    for name, rows in splits.items():
        part = Dataset.from_list(rows, features=Features(kinds))
        part.to_parquet(folder / "data" / f"{name}-00000-of-00001.parquet")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_image_classifier(tmp_path_factory.mktemp("model") / "vit")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = {"train": digits(160), "validation": digits(40, 160), "test": digits(60, 200)}
    return write_pictures(tmp_path_factory.mktemp("digits") / "data", **rows)


@pytest.fixture(scope="module")
def data(folder: Path) -> Data:
    return prepare(Settings(), folder).data.with_quick(0)


def answer_to(folder: Path, row: dict[str, Any]) -> list[dict[str, Any]]:
    encoded = base64.b64encode(row["image"]["bytes"]).decode()
    answer: list[dict[str, Any]] = infer(folder, TASK, {"inputs": encoded})
    return answer


def test_the_task_and_the_columns_are_inferred(folder: Path) -> None:
    found = prepare(Settings(), folder)
    assert (found.settings.task, found.settings.metric) == (TASK, "accuracy")
    assert "(single label): image from 'image', label from 'label'; 2 classes" in found.sentence()
    found = prepare(Settings(columns={"label": "ink"}), folder)
    assert (found.settings.task, found.settings.metric) == (TASK, "rmse")
    assert "(regression)" in found.sentence()


@pytest.mark.parametrize("family", ["embeddings", "lora", "full"])
def test_digits_are_told_apart(family: str, data: Data, model: Path, tmp_path: Path) -> None:
    trial, step = train_one(TASK, family, data, model, tmp_path, 40)
    assert scores_of(TASK, data, trial, step)["accuracy"] > 0.9
    if family == "embeddings":
        return
    rows = trial.predict("quick", step)
    trial.release()
    assert [list(row) for row in trial.predict("quick", step)] == [list(row) for row in rows]
    trial.save(tmp_path / "out", step)
    for row in digits(4, 300):
        best = answer_to(tmp_path / "out", row)[0]
        assert best["label"] == ("zero", "one")[row["label"]]


def test_a_number_is_served_in_its_own_unit(folder: Path, model: Path, tmp_path: Path) -> None:
    data = prepare(Settings(columns={"label": "ink"}), folder).data
    trial, step = train_one(TASK, "full", data, model, tmp_path, 60)
    guess, _ = train_one(TASK, "guess", data, model, tmp_path, 1)
    assert (
        scores_of(TASK, data, trial, step)["rmse"] < 0.7 * scores_of(TASK, data, guess, 1)["rmse"]
    )
    expected = trial.predict("test", step)
    trial.save(tmp_path / "out", step)
    assert trial.predict("test", step) == pytest.approx(expected, abs=1e-3)
    for row, number in zip(digits(60, 200)[:3], expected, strict=False):
        (only,) = answer_to(tmp_path / "out", row)
        assert only["label"] == "ink"
        assert only["score"] == pytest.approx(number, abs=0.05)


def test_convolutions_are_trained_too(data: Data, tmp_path: Path) -> None:
    resnet = make_image_classifier(tmp_path / "resnet", "resnet")
    trial, step = train_one(
        TASK, "full", data, resnet, tmp_path, 60, frozen_share=0.5, learning_rate=0.01
    )
    assert scores_of(TASK, data, trial, step)["accuracy"] > 0.8
    small, step = train_one(TASK, "lora", data, resnet, tmp_path / "lora", 10)
    small.release()
    assert len(small.predict("test", step)) == 60
    head, _ = train_one(TASK, "embeddings", data, resnet, tmp_path, 1)
    assert len(head.predict("test", 1)) == 60


def test_a_run_publishes_a_model_of_pictures(data: Data, model: Path, tmp_path: Path) -> None:
    record = Record.create(tmp_path)
    settings = Settings(task=TASK, metric="accuracy", candidates=4, time_budget=1e-6)
    outcome = run(record, settings, data, model, Control(), {})
    assert RunState.read(record.events()).status == "finished"
    assert {path.name for path in outcome.folder.iterdir()} == {
        "config.json",
        "metrics.json",
        "model.safetensors",
        "preprocessor_config.json",
    }


def test_what_is_no_picture_is_named_by_its_row(tmp_path: Path) -> None:
    rows = digits(40)
    rows[7]["image"] = {"bytes": b"GIF-like text", "path": None}
    broken = write_pictures(tmp_path / "broken", train=rows, validation=rows[:5], test=rows[:5])
    with pytest.raises(InvalidRequestError) as refusal:
        prepare(Settings(), broken)
    assert refusal.value.message.startswith(
        "image-column: row 7 of 'image' in split 'train': this is not a picture"
    )
    rows[7]["image"] = None
    broken = write_pictures(tmp_path / "gap", train=rows, validation=rows[:5], test=rows[:5])
    with pytest.raises(InvalidRequestError, match="row 7 .* there is no picture; remove the row"):
        prepare(Settings(), broken)


def test_a_picture_that_is_cut_off_is_refused_before_training(tmp_path: Path, model: Path) -> None:
    rows = digits(40)
    whole = rows[7]["image"]["bytes"]
    rows[7]["image"] = {"bytes": whole[: len(whole) - 30], "path": None}
    cut = write_pictures(tmp_path / "cut", train=rows, validation=rows[:5], test=rows[:5])
    prepared = prepare(Settings(), cut)
    record = Record.create(tmp_path)
    with pytest.raises(InvalidRequestError, match="row 7 of 'image' .*damaged or cut off"):
        run(record, prepared.settings, prepared.data, model, Control(), {})
    assert RunState.read(record.events()).status == "failed"


def test_a_model_of_texts_is_refused(data: Data, tmp_path: Path) -> None:
    from tests.compute.tiny_classifier import make_classifier

    texts = make_classifier(tmp_path / "texts")
    settings = Settings(task=TASK, metric="accuracy", candidates=2)
    with pytest.raises(InvalidRequestError, match="model: it cannot be loaded"):
        run(Record.create(tmp_path), settings, data, texts, Control(), {})
