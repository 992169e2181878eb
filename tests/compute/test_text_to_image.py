"""Text to image: what diffusers paints, as a PNG, and no code that a repository brings."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from phub_jupyter.compute.inference import local
from phub_jupyter.compute.inference.pipelines import text_to_image
from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.frames import Media
from tests.compute.tiny_models.painters import make_painter

TASK = "text-to-image"
SENT = {"width": 32, "height": 16, "num_inference_steps": 2, "seed": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_painter(tmp_path_factory.mktemp("models") / "diffusion")


def paint(folder: Path, prompt: str = "a cat", **parameters: Any) -> Any:
    answer = local.infer(folder, TASK, {"inputs": prompt, "parameters": {**SENT, **parameters}})
    assert isinstance(answer, Media)
    assert answer.content_type == "image/png"
    return Image.open(io.BytesIO(answer.data))


def test_the_picture_is_the_one_that_diffusers_paints(folder: Path) -> None:
    import torch
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(folder)
    options = {name: value for name, value in SENT.items() if name != "seed"}
    expected = pipeline("a cat", generator=torch.Generator().manual_seed(5), **options).images[0]
    painted = paint(folder)
    assert painted.size == (32, 16)
    assert painted.tobytes() == expected.tobytes()
    assert paint(folder).tobytes() == painted.tobytes()
    assert paint(folder, seed=6).tobytes() != painted.tobytes()
    assert paint(folder, negative_prompt="dog", guidance_scale=9).tobytes() != painted.tobytes()
    assert paint(folder, "cat " * 400).size == (32, 16)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "inputs: missing"),
        ({"inputs": " "}, "inputs: the text is empty"),
        ({"inputs": "a" * 5_001}, "inputs: send at most 5,000 characters"),
        ({"inputs": "a", "parameters": {"width": 4096}}, "width: use a whole number from 16 to"),
        ({"inputs": "a", "parameters": {"height": 33}}, "height: use a multiple of 8, not 33"),
        ({"inputs": "a", "parameters": {"seed": -1}}, "seed: use a whole number from 0"),
        ({"inputs": "a", "parameters": {"num_inference_steps": 999}}, "num_inference_steps: use"),
        ({"inputs": "a", "parameters": {"guidance_scale": "7"}}, "guidance_scale: use a number"),
        ({"inputs": "a", "parameters": {"scheduler": "X"}}, "parameters.scheduler: unknown"),
    ],
)
def test_a_bad_call_is_refused_by_field(body: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        text_to_image.parse(body)


def _index(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "model_index.json"
        index = json.loads(path.read_text("utf-8"))
        change(index)
        path.write_text(json.dumps(index), "utf-8")

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "model_index.json").unlink(), "has no model_index.json"),
        (lambda folder: (folder / "model_index.json").write_text("{"), "not valid JSON"),
        (_index(lambda index: index.update(_class_name=["trap", "Trap"])), "in _class_name"),
        (_index(lambda index: index.update(unet=["trap", "Trap"])), "own Python code"),
        (_index(lambda index: index.update(unet=["diffusers"])), "own Python code"),
        (_index(lambda index: index.update(_class_name="DDPMPipeline")), "cannot load it"),
        (lambda folder: (folder / "unet" / "trap.py").write_text("1"), "own Python code"),
        (
            lambda folder: (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(
                folder / "unet" / "diffusion_pytorch_model.bin"
            ),
            "cannot load it",
        ),
    ],
)
def test_a_folder_with_code_or_damage_is_refused(
    folder: Path, tmp_path: Path, damage: Callable[[Path], Any], message: str
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    damage(copy)
    with pytest.raises(HubError, match=f"^model: .*{message}"):
        paint(copy)
