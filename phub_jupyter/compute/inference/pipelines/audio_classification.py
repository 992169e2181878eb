"""Audio classification: a sound in, labels with scores out."""

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
from phub_jupyter.compute.inference.pipelines.recordings import (
    features,
    length_of_sound,
    probe_sounds,
    samples_of,
)
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, run_alike
from phub_jupyter.compute.inference.precision import describe, fit, place_media

__all__ = ["AudioClassification", "AudioClassificationRequest", "load", "parse"]

MAX_SECONDS = 120


@dataclass(frozen=True, slots=True)
class AudioClassificationRequest:
    """A file that should be a sound, and how its labels are wanted."""

    data: bytes
    function: str | None
    top_k: int


def parse(body: Mapping[str, Any]) -> AudioClassificationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=PARAMETERS)
    return AudioClassificationRequest(
        media("inputs", call.inputs), read_function(call), read_top_k(call)
    )


class AudioClassification:
    """A loaded classifier."""

    def __init__(self, model: Any, extractor: Any) -> None:
        self._extractor = extractor
        self._labels = LabelScores(model.config)
        self._model = place_media(model, probe_sounds(extractor), self._labels.scores)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, labels=self._labels.labels, max_seconds=MAX_SECONDS)

    def tokenise(self, request: AudioClassificationRequest) -> list[TensorItem]:
        """The sound as the model's tensors."""
        samples = samples_of(self._extractor, "inputs", request.data, MAX_SECONDS)
        return [TensorItem(features(self._extractor, samples), length_of_sound(samples))]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the raw output for each sound, as a row of floats."""
        return run_alike(items, self._forward)

    def shape(
        self, request: AudioClassificationRequest, outputs: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """``[{label, score}, …]``, best label first."""
        return self._labels.ranked(outputs[0], request.function, request.top_k)

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> Any:
        return self._model(**fit(batch, self._model)).logits.float().cpu().numpy()


def load(folder: Path) -> AudioClassification:
    """Load the classifier in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return AudioClassification(
        *load_parts(folder, "AutoModelForAudioClassification", "AutoFeatureExtractor")
    )
