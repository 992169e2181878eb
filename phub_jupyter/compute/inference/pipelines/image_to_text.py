"""Image to text: a picture in, what a model writes about it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import media, read_call
from phub_jupyter.compute.inference.pipelines.generation_settings import (
    Settings,
    generated,
    read_settings,
)
from phub_jupyter.compute.inference.pipelines.pictures import picture_item
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, run_alike
from phub_jupyter.compute.inference.precision import describe, fit, on_device

__all__ = ["ImageToText", "ImageToTextRequest", "load", "parse"]


@dataclass(frozen=True, slots=True)
class ImageToTextRequest:
    """A file that should be a picture, and how the model is told to write."""

    data: bytes
    settings: Settings


def parse(body: Mapping[str, Any]) -> ImageToTextRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("generation_parameters", "max_new_tokens"))
    nested = call.parameters.pop("generation_parameters", None)
    settings = read_settings("parameters.generation_parameters", nested)
    settings += read_settings("parameters", call.parameters)
    return ImageToTextRequest(media("inputs", call.inputs), settings)


class ImageToText:
    """A loaded model that describes or reads pictures."""

    def __init__(self, model: Any, processor: Any, tokenizer: Any) -> None:
        self._processor, self._tokenizer = processor, tokenizer
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model)

    def tokenise(self, request: ImageToTextRequest) -> list[TensorItem]:
        """The picture as the model's tensors."""
        item = picture_item(self._processor, "inputs", request.data, request)
        return [TensorItem(item.columns, item.length, settings=request.settings)]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the text for each picture."""
        return run_alike(items, self._forward)

    def shape(self, request: ImageToTextRequest, outputs: Sequence[Any]) -> list[dict[str, str]]:
        """``[{generated_text}]``."""
        return [{"generated_text": outputs[0]}]

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[str]:
        settings: Any = items[0].settings
        ids = generated(self._model, fit(batch, self._model), settings)
        texts = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
        return [str(text).strip() for text in texts]


def load(folder: Path) -> ImageToText:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return ImageToText(
        *load_parts(folder, "AutoModelForImageTextToText", "AutoImageProcessor", "AutoTokenizer")
    )
