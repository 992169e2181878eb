"""Object detection: a picture in, labelled boxes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import media, number, read_call
from phub_jupyter.compute.inference.pipelines.pictures import Seen, one_of, picture_item
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, run_alike
from phub_jupyter.compute.inference.precision import describe, fit, on_device

__all__ = ["ObjectDetection", "ObjectDetectionRequest", "load", "parse"]

_SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class ObjectDetectionRequest:
    """A file that should be a picture, and the score from which an object counts."""

    data: bytes
    threshold: float


def parse(body: Mapping[str, Any]) -> ObjectDetectionRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("threshold",))
    threshold = number("parameters.threshold", call.parameters.get("threshold", 0.5), low=0, high=1)
    return ObjectDetectionRequest(media("inputs", call.inputs), threshold)


class ObjectDetection:
    """A loaded detector. A label is a decision here, so it stays in full precision."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._processor = processor
        self._labels = model.config.id2label
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, labels=list(self._labels.values()))

    def tokenise(self, request: ObjectDetectionRequest) -> list[TensorItem]:
        """The picture as the model's tensors."""
        return [picture_item(self._processor, "inputs", request.data, request)]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the answer for each picture."""
        return run_alike(items, self._forward)

    def shape(self, request: ObjectDetectionRequest, outputs: Sequence[Any]) -> Any:
        """``[{label, score, box}, …]``, with boxes in pixels of the picture that was sent."""
        return outputs[0]

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        output = self._model(**fit(batch, self._model))
        return [self._found(one_of(output, index), item.about) for index, item in enumerate(items)]

    def _found(self, output: Any, seen: Seen) -> list[dict[str, Any]]:
        (found,) = self._processor.post_process_object_detection(
            output, threshold=seen.request.threshold, target_sizes=[(seen.height, seen.width)]
        )
        return [
            {
                "label": str(self._labels[int(label)]),
                "score": float(score),
                "box": dict(zip(_SIDES, box.int().tolist(), strict=True)),
            }
            for score, label, box in zip(
                found["scores"], found["labels"], found["boxes"], strict=True
            )
        ]


def load(folder: Path) -> ObjectDetection:
    """Load the detector in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return ObjectDetection(*load_parts(folder, "AutoModelForObjectDetection", "AutoImageProcessor"))
