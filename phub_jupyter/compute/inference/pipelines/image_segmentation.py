"""Image segmentation: a picture in, a black-and-white mask for each thing that is seen out."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import choose_class, load_parts
from phub_jupyter.compute.inference.pipelines.call import choice, media, number, read_call
from phub_jupyter.compute.inference.pipelines.pictures import Seen, one_of, picture_item
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, run_alike
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.compute.media.images import png
from phub_jupyter.errors import InvalidRequestError

__all__ = ["ImageSegmentation", "ImageSegmentationRequest", "load", "parse"]

_SUBTASKS = ("panoptic", "instance", "semantic")  # the first that a model can do is its own
_THRESHOLDS = {"threshold": 0.9, "mask_threshold": 0.5, "overlap_mask_area_threshold": 0.5}


@dataclass(frozen=True, slots=True)
class ImageSegmentationRequest:
    """A file that should be a picture, what kind of parts are wanted, and from which scores."""

    data: bytes
    subtask: str | None
    thresholds: dict[str, float]


def parse(body: Mapping[str, Any]) -> ImageSegmentationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("subtask", *_THRESHOLDS))
    subtask = call.parameters.get("subtask")
    thresholds = {
        name: number(f"parameters.{name}", call.parameters.get(name, default), low=0, high=1)
        for name, default in _THRESHOLDS.items()
    }
    return ImageSegmentationRequest(
        media("inputs", call.inputs),
        None if subtask is None else choice("parameters.subtask", subtask, _SUBTASKS),
        thresholds,
    )


class ImageSegmentation:
    """A loaded model. A label is a decision for every pixel, so it stays in full precision."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._processor = processor
        self._labels = model.config.id2label
        self._model = on_device(model)
        self._makers = {
            subtask: getattr(processor, f"post_process_{subtask}_segmentation")
            for subtask in _SUBTASKS
            if hasattr(processor, f"post_process_{subtask}_segmentation")
        }
        if not self._makers:
            raise InvalidRequestError("model: its processor cannot make masks of what it puts out.")

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        labels = list(self._labels.values())
        return describe(self._model, labels=labels, subtasks=list(self._makers))

    def tokenise(self, request: ImageSegmentationRequest) -> list[TensorItem]:
        """The picture as the model's tensors."""
        if request.subtask is not None and request.subtask not in self._makers:
            raise InvalidRequestError(
                f"parameters.subtask: this model does {', '.join(self._makers)}, not "
                f"{request.subtask}."
            )
        return [picture_item(self._processor, "inputs", request.data, request)]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the answer for each picture."""
        return run_alike(items, self._forward)

    def shape(self, request: ImageSegmentationRequest, outputs: Sequence[Any]) -> Any:
        """``[{label, mask, score?}, …]``, masks as base64 of a PNG as large as the picture."""
        return outputs[0]

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        output = self._model(**fit(batch, self._model))
        return [
            list(self._parts(one_of(output, index), item.about)) for index, item in enumerate(items)
        ]

    def _parts(self, output: Any, seen: Seen) -> Iterator[dict[str, Any]]:
        subtask = seen.request.subtask or next(iter(self._makers))
        sizes = [(seen.height, seen.width)]
        if subtask == "semantic":
            (labels,) = self._makers[subtask](output, target_sizes=sizes)
            for label in labels.unique().tolist():
                yield {"label": self._label(label), "mask": _mask(labels == label)}
            return
        (found,) = self._makers[subtask](output, target_sizes=sizes, **seen.request.thresholds)
        for segment in found["segments_info"]:
            yield {
                "label": self._label(segment["label_id"]),
                "mask": _mask(found["segmentation"] == segment["id"]),
                "score": float(segment["score"]),
            }

    def _label(self, number: int) -> str:
        return str(self._labels[int(number)])


def load(folder: Path) -> ImageSegmentation:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    auto_class = choose_class(
        folder,
        "AutoModelForSemanticSegmentation",
        "AutoModelForUniversalSegmentation",
        "AutoModelForInstanceSegmentation",
        "AutoModelForImageSegmentation",
    )
    return ImageSegmentation(*load_parts(folder, auto_class, "AutoImageProcessor"))


def _mask(part: Any) -> str:
    from PIL import Image

    pixels = (part.numpy() * 255).astype("uint8")
    return base64.b64encode(png(Image.fromarray(pixels, "L"))).decode("ascii")
