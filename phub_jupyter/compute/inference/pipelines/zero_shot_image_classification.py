"""Zero-shot image classification: a picture and any labels in, scores of those labels out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import media, read_call, text, texts
from phub_jupyter.compute.inference.pipelines.pictures import length_of, process
from phub_jupyter.compute.inference.pipelines.tensors import (
    TensorItem,
    blame_model,
    finite,
    run_alike,
)
from phub_jupyter.compute.inference.pipelines.tokens import own
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.compute.media.images import read_image
from phub_jupyter.errors import InvalidRequestError

__all__ = ["ZeroShotImageClassification", "ZeroShotImageRequest", "load", "parse"]

_TEMPLATE = "This is a photo of {}."
_SIGMOID_TOKENS = 64  # SigLIP was trained with texts filled up to this length


@dataclass(frozen=True, slots=True)
class ZeroShotImageRequest:
    """A file that should be a picture, the labels, and each of them in a sentence."""

    data: bytes
    labels: tuple[str, ...]
    sentences: tuple[str, ...]


def parse(body: Mapping[str, Any]) -> ZeroShotImageRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("candidate_labels", "hypothesis_template"))
    labels = texts("parameters.candidate_labels", call.parameters.get("candidate_labels"))
    name = "parameters.hypothesis_template"
    template = text(name, call.parameters.get("hypothesis_template", _TEMPLATE))
    if "{}" not in template:
        raise InvalidRequestError(f"{name}: put {{}} where the label belongs.")
    if len(labels) < 2:
        raise InvalidRequestError("parameters.candidate_labels: send two labels or more.")
    sentences = tuple(template.replace("{}", label) for label in labels)
    return ZeroShotImageRequest(media("inputs", call.inputs), labels, sentences)


class ZeroShotImageClassification:
    """A loaded model that compares pictures with texts, in full precision."""

    def __init__(self, model: Any, processor: Any, tokenizer: Any) -> None:
        self._processor, self._tokenizer = processor, tokenizer
        self._sigmoid = "siglip" in model.config.model_type
        config = getattr(model.config, "text_config", model.config)
        positions = int(getattr(config, "max_position_embeddings", 512))
        self._max_tokens = min(tokenizer.model_max_length, positions)
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, max_tokens=self._max_tokens)

    def tokenise(self, request: ZeroShotImageRequest) -> list[TensorItem]:
        """The picture and the sentences as the model's tensors."""
        image = read_image("inputs", request.data)
        pixels = process(self._processor, images=[image])
        filling = "max_length" if self._sigmoid else True
        longest = min(_SIGMOID_TOKENS, self._max_tokens) if self._sigmoid else self._max_tokens
        with blame_model():
            tokens = own(self._tokenizer)(
                list(request.sentences),
                padding=filling,
                max_length=longest,
                truncation=True,
                return_tensors="pt",
            )
        columns = {**pixels, **tokens}
        # the texts of two requests do not belong to one batch, so every item is its own
        length = length_of(pixels) + int(tokens["input_ids"].numel())
        return [TensorItem(columns, length, request, settings=id(request))]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run each item; its scores, one a label."""
        return run_alike(items, self._forward)

    def shape(self, request: ZeroShotImageRequest, outputs: Sequence[Any]) -> list[dict[str, Any]]:
        """``[{label, score}, …]``, best label first."""
        scores = finite(outputs[0]).tolist()
        answer = [
            {"label": label, "score": score}
            for label, score in zip(request.labels, scores, strict=True)
        ]
        return sorted(answer, key=lambda entry: entry["score"], reverse=True)

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        logits = self._model(**fit(batch, self._model)).logits_per_image[0].float().cpu()
        return [logits.sigmoid() if self._sigmoid else logits.softmax(-1)]


def load(folder: Path) -> ZeroShotImageClassification:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return ZeroShotImageClassification(
        *load_parts(
            folder, "AutoModelForZeroShotImageClassification", "AutoImageProcessor", "AutoTokenizer"
        )
    )
