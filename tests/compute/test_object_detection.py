"""Object detection: transformers' boxes, in pixels of the picture that was sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import object_detection
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.detectors import LABELS, make_detector
from tests.compute.tiny_models.pictures import base64_of, drawing, file_of

TASK = "object-detection"
PICTURE = base64_of(file_of(drawing()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_detector(tmp_path_factory.mktemp("models") / "yolos")


@pytest.mark.parametrize("threshold", [0.3, 0.6, 1.0])
def test_boxes_are_those_of_the_transformers_pipeline(folder: Path, threshold: float) -> None:
    from transformers import pipeline

    image = drawing(90, 60)
    expected: Any = pipeline(TASK, model=str(folder))(image, threshold=threshold)
    body = {"inputs": base64_of(file_of(image)), "parameters": {"threshold": threshold}}
    answer = local.infer(folder, TASK, body)
    assert bool(answer) == (threshold < 1)
    assert [(entry["label"], entry["box"]) for entry in answer] == [
        (entry["label"], entry["box"]) for entry in expected
    ]
    assert [entry["score"] for entry in answer] == pytest.approx(
        [entry["score"] for entry in expected], abs=1e-5
    )
    assert {entry["label"] for entry in answer} <= set(LABELS)
    json.dumps(answer, allow_nan=False)


def test_pictures_in_one_batch_keep_their_own_boxes_and_thresholds(folder: Path) -> None:
    model = object_detection.load(folder)
    requests = [
        object_detection.parse(
            {"inputs": base64_of(file_of(drawing(*size, seed))), "parameters": {"threshold": at}}
        )
        for seed, (size, at) in enumerate([((90, 60), 0.3), ((180, 120), 0.6), ((60, 60), 0.3)])
    ]
    items = [item for request in requests for item in model.tokenise(request)]
    for item, together in zip(items, model.run(items), strict=True):
        (alone,) = model.run([item])
        assert [entry["box"] for entry in together] == [entry["box"] for entry in alone]
    assert model.describe()["labels"] == list(LABELS)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"threshold": 1.5}, "parameters.threshold: use a number from 0 to 1"),
        ({"threshold": "0.5"}, "parameters.threshold: use a number"),
        ({"top_k": 1}, "parameters.top_k: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(parameters: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        object_detection.parse({"inputs": PICTURE, "parameters": parameters})
