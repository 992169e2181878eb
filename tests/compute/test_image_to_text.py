"""Image to text: what the model itself generates from the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import image_to_text
from phub_jupyter.errors import InvalidRequestError
from tests.compute.tiny_models.picture_text import make_describer
from tests.compute.tiny_models.pictures import base64_of, drawing, file_of

TASK = "image-to-text"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_describer(tmp_path_factory.mktemp("models") / "vit-bert")


def body(seed: int = 0, **parameters: Any) -> dict[str, Any]:
    return {"inputs": base64_of(file_of(drawing(seed=seed))), "parameters": parameters}


def reference(folder: Path, seed: int = 0, **settings: Any) -> str:
    from transformers import AutoImageProcessor, AutoTokenizer, VisionEncoderDecoderModel

    model = VisionEncoderDecoderModel.from_pretrained(folder)
    pixels = AutoImageProcessor.from_pretrained(folder)(drawing(seed=seed), return_tensors="pt")
    ids = model.generate(**pixels, **settings)
    return str(AutoTokenizer.from_pretrained(folder).decode(ids[0], skip_special_tokens=True))


def test_the_text_is_what_the_model_generates(folder: Path) -> None:
    expected = reference(folder)
    assert local.infer(folder, TASK, body()) == [{"generated_text": expected}]
    assert expected
    nested = body(generation_parameters={"num_beams": 3, "max_new_tokens": 6})
    assert local.infer(folder, TASK, nested)[0]["generated_text"] == reference(
        folder, num_beams=3, max_new_tokens=6
    )
    short = local.infer(folder, TASK, body(max_new_tokens=2))[0]["generated_text"]
    assert short == reference(folder, max_new_tokens=2)
    assert local.infer(folder, TASK, body(max_new_tokens=1024))


def test_requests_of_one_batch_keep_their_own_settings(folder: Path) -> None:
    model = image_to_text.load(folder)
    bodies = [body(0), body(1), body(2, max_new_tokens=3), body(3)]
    items = [item for sent in bodies for item in model.tokenise(image_to_text.parse(sent))]
    alone = [local.infer(folder, TASK, sent)[0]["generated_text"] for sent in bodies]
    assert model.run(items) == alone


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_new_tokens": 0}, "parameters.max_new_tokens: use a whole number from 1 to 1024"),
        ({"prompt": "a"}, "parameters.prompt: unknown"),
        ({"generation_parameters": {"top_p": 2}}, "generation_parameters.top_p: use a number"),
    ],
)
def test_a_bad_call_is_refused_by_field(parameters: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        image_to_text.parse(body(**parameters))
