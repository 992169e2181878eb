"""Image classification: transformers' scores, the public shape, one sentence a mistake."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import image_classification
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.image_classifiers import LABELS, make_image_classifier
from tests.compute.tiny_models.pictures import base64_of, drawing, file_of

TASK = "image-classification"
PICTURE = base64_of(file_of(drawing()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_image_classifier(tmp_path_factory.mktemp("models") / "vit")


def infer(folder: Path, inputs: Any = PICTURE, parameters: Any = None) -> Any:
    return local.infer(folder, TASK, {"inputs": inputs, "parameters": parameters})


@pytest.mark.parametrize("family", ["vit", "resnet"])
@pytest.mark.parametrize("function", [None, "softmax", "sigmoid", "none"])
def test_scores_are_those_of_the_transformers_pipeline(
    family: str, function: str | None, full_precision: None, tmp_path: Path
) -> None:
    from transformers import pipeline

    folder = make_image_classifier(tmp_path / family, family)
    for image in (drawing(), drawing(31, 90, 4).convert("RGBA"), drawing().convert("L")):
        expected = pipeline(TASK, model=str(folder))(image, function_to_apply=function)
        answer = infer(folder, base64_of(file_of(image)), {"function_to_apply": function})
        assert len(answer) == 5
        assert [entry["label"] for entry in answer] == [entry["label"] for entry in expected]
        assert [entry["score"] for entry in answer] == pytest.approx(
            [entry["score"] for entry in expected], abs=0.02
        )


@pytest.mark.parametrize(("top_k", "count"), [(1, 1), (6, 6), (99, len(LABELS))])
def test_top_k_limits_the_labels(folder: Path, top_k: int, count: int) -> None:
    answer = infer(folder, parameters={"top_k": top_k})
    scores = [entry["score"] for entry in answer]
    assert len(answer) == count
    assert scores == sorted(scores, reverse=True)
    json.dumps(answer, allow_nan=False)


def test_pictures_of_one_shape_share_a_batch_without_changing_a_score(tmp_path: Path) -> None:
    model = image_classification.load(make_image_classifier(tmp_path / "resnet", "resnet"))
    requests = [
        image_classification.parse({"inputs": base64_of(file_of(drawing(*size, seed)))})
        for seed, size in enumerate([(50, 40), (40, 50), (50, 40), (90, 90)])
    ]
    items = [item for request in requests for item in model.tokenise(request)]
    together = model.run(items)
    for item, request, output in zip(items, requests, together, strict=True):
        (alone,) = model.run([item])
        assert [entry["label"] for entry in model.shape(request, [output])] == [
            entry["label"] for entry in model.shape(request, [alone])
        ]
        assert output.tolist() == pytest.approx(alone.tolist(), abs=0.02)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "inputs: missing"),
        ({"inputs": 7}, "inputs: send the file as the body"),
        ({"inputs": ["x"]}, "inputs: send the file as the body"),
        ({"inputs": "https://example.org/cat.png"}, "inputs: this is not base64"),
        ({"inputs": base64_of(b"no picture")}, "inputs: this is not a picture"),
        ({"inputs": PICTURE, "parameters": {"top_k": 0}}, "parameters.top_k: use a whole number"),
        (
            {"inputs": PICTURE, "parameters": {"function_to_apply": "relu"}},
            "parameters.function_to_apply: use",
        ),
        ({"inputs": PICTURE, "parameters": {"k": 1}}, "parameters.k: unknown"),
        ({"inputs": PICTURE, "image": PICTURE}, "image: unknown field"),
    ],
)
def test_a_bad_call_is_refused_by_field(folder: Path, body: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        local.infer(folder, TASK, body)


def test_a_model_whose_processor_does_not_fit_is_refused(folder: Path, tmp_path: Path) -> None:
    unfit = Path(shutil.copytree(folder, tmp_path / "unfit"))
    path = unfit / "preprocessor_config.json"
    settings = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**settings, "size": {"height": 48, "width": 48}}), "utf-8")
    with pytest.raises(InvalidRequestError, match=r"model: .*processor makes.*48"):
        infer(unfit)
    path.unlink()
    with pytest.raises(InvalidRequestError, match="model: transformers cannot load it"):
        infer(unfit)


def test_a_model_without_a_trained_head_is_refused(folder: Path, tmp_path: Path) -> None:
    from transformers import AutoModel

    headless = Path(shutil.copytree(folder, tmp_path / "headless"))
    AutoModel.from_pretrained(folder).save_pretrained(headless)
    with pytest.raises(InvalidRequestError, match=r"weights lack classifier\.bias"):
        infer(headless)
