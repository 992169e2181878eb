"""Zero-shot image classification: transformers' scores for any labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import zero_shot_image_classification
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.picture_text import make_clip
from tests.compute.tiny_models.pictures import base64_of, drawing, file_of

TASK = "zero-shot-image-classification"
IMAGE = drawing()
PICTURE = base64_of(file_of(IMAGE))
LABELS = ["cat", "a dog", "owl of the total date"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("models") / "clip")


@pytest.mark.parametrize("template", [None, "what is {} ?"])
def test_scores_are_those_of_the_transformers_pipeline(folder: Path, template: str | None) -> None:
    from transformers import pipeline

    more = {} if template is None else {"hypothesis_template": template}
    expected: Any = pipeline(TASK, model=str(folder))(IMAGE, candidate_labels=LABELS, **more)
    parameters = {"candidate_labels": LABELS, "hypothesis_template": template}
    answer = local.infer(folder, TASK, {"inputs": PICTURE, "parameters": parameters})
    assert [entry["label"] for entry in answer] == [entry["label"] for entry in expected]
    assert [entry["score"] for entry in answer] == pytest.approx(
        [entry["score"] for entry in expected], abs=1e-4
    )
    assert max(entry["score"] for entry in answer) - answer[-1]["score"] > 0.01


def test_requests_with_as_many_labels_do_not_mix(folder: Path) -> None:
    model = zero_shot_image_classification.load(folder)
    requests = [
        zero_shot_image_classification.parse(
            {"inputs": PICTURE, "parameters": {"candidate_labels": labels}}
        )
        for labels in (["cat", "dog"], ["owl", "date"])
    ]
    items = [item for request in requests for item in model.tokenise(request)]
    together = model.run(items)
    for item, output in zip(items, together, strict=True):
        assert output.tolist() == pytest.approx(model.run([item])[0].tolist(), abs=1e-5)
        assert len(output) == 2


def test_a_label_longer_than_the_model_is_cut(folder: Path) -> None:
    parameters = {"candidate_labels": ["cat", "dog " * 500]}
    assert len(local.infer(folder, TASK, {"inputs": PICTURE, "parameters": parameters})) == 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (None, "parameters.candidate_labels: send a text, or a list"),
        ({"candidate_labels": ["cat"]}, "parameters.candidate_labels: send two labels or more"),
        ({"candidate_labels": ["cat", " "]}, r"candidate_labels\[1\]: the text is empty"),
        (
            {"candidate_labels": ["cat", "dog"], "hypothesis_template": "a photo"},
            "parameters.hypothesis_template: put {} where",
        ),
        ({"candidate_labels": ["a", "b"], "multi_label": True}, "parameters.multi_label: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(parameters: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        zero_shot_image_classification.parse({"inputs": PICTURE, "parameters": parameters})
