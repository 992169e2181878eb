"""Image classification: a picture in, labels with scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import media, read_call
from phub_jupyter.compute.inference.pipelines.label_scores import (
    PARAMETERS,
    LabelScores,
    read_function,
    read_top_k,
)
from phub_jupyter.compute.inference.pipelines.pictures import picture_item, probe_pictures
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, run_alike
from phub_jupyter.compute.inference.precision import describe, fit, place_media

__all__ = ["ImageClassification", "ImageClassificationRequest", "load", "parse"]


@dataclass(frozen=True, slots=True)
class ImageClassificationRequest:
    """A file that should be a picture, and how its labels are wanted."""

    data: bytes
    function: str | None
    top_k: int


def parse(body: Mapping[str, Any]) -> ImageClassificationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=PARAMETERS)
    return ImageClassificationRequest(
        media("inputs", call.inputs), read_function(call), read_top_k(call)
    )


class ImageClassification:
    """A loaded classifier."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._processor = processor
        self._labels = LabelScores(model.config)
        self._model = place_media(model, probe_pictures(processor), self._labels.scores)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, labels=self._labels.labels)

    def tokenise(self, request: ImageClassificationRequest) -> list[TensorItem]:
        """The picture as the model's tensors."""
        return [picture_item(self._processor, "inputs", request.data, request)]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the raw output for each picture, as a row of floats."""
        return run_alike(items, self._forward)

    def shape(
        self, request: ImageClassificationRequest, outputs: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """``[{label, score}, …]``, best label first."""
        return self._labels.ranked(outputs[0], request.function, request.top_k)

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> Any:
        return self._model(**fit(batch, self._model)).logits.float().cpu().numpy()


def load(folder: Path) -> ImageClassification:
    """Load the classifier in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return ImageClassification(
        *load_parts(folder, "AutoModelForImageClassification", "AutoImageProcessor")
    )
