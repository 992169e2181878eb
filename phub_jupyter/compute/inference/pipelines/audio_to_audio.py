"""Audio to audio: a sound in, the same sound as a neural codec keeps it out."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import choose_class, load_parts
from phub_jupyter.compute.inference.pipelines.call import media, read_call
from phub_jupyter.compute.inference.pipelines.recordings import (
    features,
    length_of_sound,
    samples_of,
)
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, finite, run_alike
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.compute.media.sounds import MAX_SECONDS, wav
from phub_jupyter.errors import NotSupportedError

__all__ = ["AudioToAudio", "AudioToAudioRequest", "load", "parse"]

_CODECS = ("dac", "encodec", "mimi")


@dataclass(frozen=True, slots=True)
class AudioToAudioRequest:
    """A file that should be a sound."""

    data: bytes


def parse(body: Mapping[str, Any]) -> AudioToAudioRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    return AudioToAudioRequest(media("inputs", read_call(body).inputs))


class AudioToAudio:
    """A loaded codec, in full precision: its codes are decisions."""

    def __init__(self, model: Any, extractor: Any) -> None:
        self._extractor = extractor
        self._takes = signature(model.forward).parameters  # not all of them a mask
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, rate=int(self._extractor.sampling_rate))

    def tokenise(self, request: AudioToAudioRequest) -> list[TensorItem]:
        """The sound as the model's tensors."""
        samples = samples_of(self._extractor, "inputs", request.data, MAX_SECONDS)
        made = features(self._extractor, samples)
        columns = {name: made[name] for name in made if name in self._takes}
        return [TensorItem(columns, length_of_sound(samples), about=len(samples))]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the samples of each sound."""
        return run_alike(items, self._forward)

    def shape(self, request: AudioToAudioRequest, outputs: Sequence[Any]) -> list[dict[str, Any]]:
        """``[{label, blob, content-type}]``, where ``blob`` is a WAV file as base64."""
        sound = wav(finite(outputs[0]).numpy(), int(self._extractor.sampling_rate))
        blob = base64.b64encode(sound).decode("ascii")
        return [{"label": "audio", "blob": blob, "content-type": "audio/wav"}]

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        sounds = self._model(**fit(batch, self._model)).audio_values.float().cpu()
        return [
            sound.reshape(-1)[: item.about].clamp(-1, 1)
            for sound, item in zip(sounds, items, strict=True)
        ]


def load(folder: Path) -> AudioToAudio:
    """Load the codec in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    auto_class = choose_class(folder, "AutoModel")
    model, extractor = load_parts(folder, auto_class, "AutoFeatureExtractor")
    if model.config.model_type not in _CODECS:
        raise NotSupportedError(
            f"model: of the models that make sounds of sounds this hub runs {', '.join(_CODECS)}, "
            f"not {model.config.model_type}."
        )
    return AudioToAudio(model, extractor)
