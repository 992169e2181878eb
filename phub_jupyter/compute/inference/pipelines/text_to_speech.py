"""Text to speech, and to other sounds: a text in, a WAV file out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import choose_class, load_parts
from phub_jupyter.compute.inference.pipelines.call import read_call, text
from phub_jupyter.compute.inference.pipelines.generation_settings import (
    FIELDS,
    Settings,
    generated,
    read_settings,
)
from phub_jupyter.compute.inference.pipelines.tensors import (
    TensorItem,
    blame_model,
    finite,
    run_alike,
)
from phub_jupyter.compute.inference.pipelines.tokens import own
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.compute.media.sounds import wav
from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.frames import Media

__all__ = ["TextToSpeech", "TextToSpeechRequest", "load", "parse"]

MAX_CHARACTERS = 5_000


@dataclass(frozen=True, slots=True)
class TextToSpeechRequest:
    """A text, and how a model that generates is told to."""

    text: str
    settings: Settings


def parse(body: Mapping[str, Any]) -> TextToSpeechRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("generation_parameters", *FIELDS))
    nested = call.parameters.pop("generation_parameters", None)
    settings = read_settings("parameters.generation_parameters", nested)
    settings += read_settings("parameters", call.parameters)
    spoken = text("inputs", call.inputs)
    if len(spoken) > MAX_CHARACTERS:
        raise InvalidRequestError(f"inputs: send at most {MAX_CHARACTERS:,} characters to speak.")
    return TextToSpeechRequest(spoken, settings)


class TextToSpeech:
    """A loaded model that makes sounds from texts."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._generates = bool(model.can_generate())
        self._rate = _rate(model)
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, rate=self._rate)

    def tokenise(self, request: TextToSpeechRequest) -> list[TensorItem]:
        """The text as the model's tensors; each request is a batch of its own."""
        if request.settings and not self._generates:
            raise InvalidRequestError(
                f"parameters.{request.settings[0][0]}: this model does not generate token by "
                "token; leave it out."
            )
        with blame_model():
            columns = dict(own(self._tokenizer)(request.text, return_tensors="pt"))
        length = int(columns["input_ids"].numel())
        if not length:
            raise InvalidRequestError("inputs: the model's tokenizer finds nothing to speak.")
        return [TensorItem(columns, length, request, settings=id(request))]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Speak every text; the samples of each."""
        return run_alike(items, self._forward)

    def shape(self, request: TextToSpeechRequest, outputs: Sequence[Any]) -> Media:
        """A WAV file."""
        return Media("audio/wav", wav(finite(outputs[0]).numpy(), self._rate))

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        inputs = fit(batch, self._model)
        if self._generates:
            output = generated(self._model, inputs, items[0].about.settings)
        else:
            output = self._model(**inputs)[0]
        return [output.float().cpu().reshape(-1)]


def load(folder: Path) -> TextToSpeech:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    auto_class = choose_class(folder, "AutoModelForTextToWaveform", "AutoModelForTextToSpectrogram")
    if auto_class == "AutoModelForTextToSpectrogram":
        raise NotSupportedError(
            "model: it makes spectrograms and needs a vocoder and a speaker's voice, which a call "
            "cannot send; use a model that makes sounds itself, such as VITS."
        )
    return TextToSpeech(*load_parts(folder, auto_class))


def _rate(model: Any) -> int:
    for config in (model.config, getattr(model, "generation_config", None)):
        for field in ("sampling_rate", "sample_rate"):
            rate = getattr(config, field, None)
            if rate:
                return int(rate)
    raise InvalidRequestError("model: config.json does not say the sampling_rate of its sounds.")
