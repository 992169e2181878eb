"""Image segmentation: transformers' masks, as large as the picture that was sent."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import image_segmentation
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.detectors import make_semantic_segmenter, make_universal_segmenter
from tests.compute.tiny_models.pictures import base64_of, drawing, file_of

TASK = "image-segmentation"
IMAGE = drawing(90, 60)
PICTURE = base64_of(file_of(IMAGE))


@pytest.fixture(scope="module")
def semantic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_semantic_segmenter(tmp_path_factory.mktemp("models") / "segformer")


@pytest.fixture(scope="module")
def universal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_universal_segmenter(tmp_path_factory.mktemp("models") / "mask2former")


def check(folder: Path, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Compare an answer with transformers' own, and return it."""
    from transformers import pipeline

    expected: Any = pipeline(TASK, model=str(folder))(IMAGE, **parameters)
    answer: list[dict[str, Any]] = local.infer(
        folder, TASK, {"inputs": PICTURE, "parameters": parameters}
    )
    assert len(answer) == len(expected) > 0
    for ours, theirs in zip(answer, expected, strict=True):
        mask = Image.open(io.BytesIO(base64.b64decode(ours["mask"])))
        assert (mask.format, mask.mode, mask.size) == ("PNG", "L", IMAGE.size)
        assert set(np.unique(np.asarray(mask))) <= {0, 255}
        assert mask.tobytes() == theirs["mask"].tobytes()
        assert ours["label"] == theirs["label"]
        assert ours.get("score") == pytest.approx(theirs["score"], abs=1e-5)
    return answer


def test_labels_of_pixels_are_those_of_the_transformers_pipeline(semantic: Path) -> None:
    answer = check(semantic, {})
    assert all("score" not in entry for entry in answer)
    assert check(semantic, {"subtask": "semantic"}) == answer
    with pytest.raises(InvalidRequestError, match="this model does semantic, not panoptic"):
        local.infer(semantic, TASK, {"inputs": PICTURE, "parameters": {"subtask": "panoptic"}})


@pytest.mark.parametrize(
    "parameters",
    [
        {"threshold": 0.3},
        {"threshold": 0.3, "subtask": "panoptic", "overlap_mask_area_threshold": 0.1},
        {"threshold": 0.3, "subtask": "instance"},
        {"subtask": "semantic"},
    ],
)
def test_masks_of_every_subtask_are_those_of_the_transformers_pipeline(
    universal: Path, parameters: dict[str, Any]
) -> None:
    check(universal, parameters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"subtask": "roads"}, "parameters.subtask: use panoptic, instance, semantic"),
        ({"mask_threshold": -1}, "parameters.mask_threshold: use a number from 0 to 1"),
        ({"top_k": 1}, "parameters.top_k: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(parameters: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        image_segmentation.parse({"inputs": PICTURE, "parameters": parameters})
