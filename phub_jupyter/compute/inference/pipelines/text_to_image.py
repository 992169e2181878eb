"""Text to image: a description in, a picture out, by diffusion models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.abandoned import is_abandoned
from phub_jupyter.compute.inference.pipelines.call import number, read_call, text, whole_number
from phub_jupyter.compute.inference.pipelines.tensors import blame_model
from phub_jupyter.compute.inference.precision import on_device
from phub_jupyter.compute.media.images import png
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.frames import Media

__all__ = ["TextToImage", "TextToImageItem", "TextToImageRequest", "load", "parse"]

MAX_CHARACTERS = 5_000
_SIDES = {"low": 16, "high": 2048}
_STEP = 8  # a picture's sides are multiples of it, because models work on a coarser grid
_PARAMETERS = (
    "guidance_scale",
    "height",
    "negative_prompt",
    "num_inference_steps",
    "seed",
    "width",
)
_LIBRARIES = (None, "diffusers", "transformers", "stable_diffusion")


@dataclass(frozen=True, slots=True)
class TextToImageRequest:
    """A description, how the picture is to be made, and the seed of its noise."""

    prompt: str
    options: dict[str, Any]
    seed: int | None


@dataclass(frozen=True, slots=True, eq=False)
class TextToImageItem:
    """A request; nothing shares a batch with it."""

    request: TextToImageRequest
    length: int


def parse(body: Mapping[str, Any]) -> TextToImageRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=_PARAMETERS)
    options = {
        name: _option(f"parameters.{name}", name, value)
        for name, value in call.parameters.items()
        if name != "seed"
    }
    seed = call.parameters.get("seed")
    return TextToImageRequest(
        _description("inputs", call.inputs),
        options,
        None if seed is None else whole_number("parameters.seed", seed, low=0, high=2**63 - 1),
    )


def _option(name: str, field: str, value: Any) -> Any:
    if field == "guidance_scale":
        return number(name, value, low=0, high=100)
    if field == "num_inference_steps":
        return whole_number(name, value, high=150)
    if field == "negative_prompt":
        return _description(name, value)
    side = whole_number(name, value, **_SIDES)
    if side % _STEP:
        raise InvalidRequestError(f"{name}: use a multiple of {_STEP}, not {side}.")
    return side


def _description(name: str, value: Any) -> str:
    found = text(name, value)
    if len(found) > MAX_CHARACTERS:
        raise InvalidRequestError(f"{name}: send at most {MAX_CHARACTERS:,} characters.")
    return found


class TextToImage:
    """A loaded diffusion model."""

    def __init__(self, model: Any) -> None:
        model.set_progress_bar_config(disable=True)
        self._model = on_device(model)
        self._is_watchable = "callback_on_step_end" in signature(type(model).__call__).parameters

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        precision = str(self._model.dtype).removeprefix("torch.")
        return {"device": str(self._model.device), "precision": precision}

    def tokenise(self, request: TextToImageRequest) -> list[TextToImageItem]:
        """The request; the model cuts the description itself."""
        return [TextToImageItem(request, max(1, len(request.prompt)))]

    def run(self, items: Sequence[TextToImageItem]) -> list[Any]:
        """Make each picture."""
        return [self._make(item.request) for item in items]

    def shape(self, request: TextToImageRequest, outputs: Sequence[Any]) -> Media:
        """A PNG."""
        return Media("image/png", outputs[0])

    def _make(self, request: TextToImageRequest) -> bytes:
        import torch

        generator = torch.Generator()
        if request.seed is None:
            generator.seed()
        else:
            generator.manual_seed(request.seed)
        with torch.inference_mode(), blame_model():
            watch = {"callback_on_step_end": _go_on} if self._is_watchable else {}
            made = self._model(request.prompt, generator=generator, **watch, **request.options)
            return png(made.images[0])


def _go_on(model: Any, step: int, time: Any, values: dict[str, Any]) -> dict[str, Any]:
    """End after this step if no caller is left."""
    if is_abandoned():
        raise InvalidRequestError("inputs: the caller has left.")
    return values


def load(folder: Path) -> TextToImage:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    _check_folder(folder)
    try:
        import diffusers
    except ImportError:
        raise NotSupportedError(
            "task: this hub cannot make pictures, because diffusers is not installed; ask the "
            "administrator for: pip install diffusers."
        ) from None
    loader: Any = diffusers.AutoPipelineForText2Image
    try:
        model = loader.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    except MemoryError:
        raise
    except Exception as error:  # the folder is a stranger's, and can be wrong in any way
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InvalidRequestError(f"model: diffusers cannot load it: {first:.300}") from error
    return TextToImage(model)


def _check_folder(folder: Path) -> None:
    """Refuse code, and parts from elsewhere, before anything is imported for them."""
    try:
        index = json.loads((folder / "model_index.json").read_text("utf-8"))
    except FileNotFoundError:
        raise InvalidRequestError(
            "model: the repository has no model_index.json, so it is not a diffusers model; upload "
            "one with save_pretrained."
        ) from None
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"model: model_index.json is not valid JSON ({error}).") from None
    if not isinstance(index, dict) or not isinstance(index.get("_class_name"), str):
        raise InvalidRequestError("model: model_index.json must name a pipeline in _class_name.")
    parts = [value for value in index.values() if isinstance(value, list)]
    foreign = [part for part in parts if len(part) != 2 or part[0] not in _LIBRARIES]
    if foreign or any(folder.rglob("*.py")):
        raise NotSupportedError(
            "model: it brings its own Python code, which this hub never runs; upload a model whose "
            "parts diffusers and transformers know."
        )
