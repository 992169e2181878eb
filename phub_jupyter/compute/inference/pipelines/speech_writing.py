"""Speech recognition by models that write what they have heard (Whisper and its like)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phub_jupyter.compute.inference.pipelines.generation_settings import generated
from phub_jupyter.compute.inference.pipelines.recordings import (
    features,
    length_of_sound,
    samples_of,
)
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, run_alike
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.errors import InvalidRequestError

__all__ = ["SpeechWriting"]

_WINDOW_SECONDS = 30  # where a model does not say


class SpeechWriting:
    """A loaded model."""

    def __init__(self, model: Any, extractor: Any, tokenizer: Any) -> None:
        self._extractor, self._tokenizer = extractor, tokenizer
        self._times = model.config.model_type == "whisper"
        window = getattr(extractor, "n_samples", None)
        self._window = int(window or _WINDOW_SECONDS * extractor.sampling_rate)
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, rate=self._extractor.sampling_rate)

    def tokenise(self, request: Any) -> list[TensorItem]:
        """The sound as the model's tensors."""
        self._check(request)
        seconds = None if self._times else _WINDOW_SECONDS
        samples = samples_of(self._extractor, "inputs", request.data, seconds)
        long = len(samples) > self._window
        whole: dict[str, Any] = {"truncation": False, "padding": "longest"} if long else {}
        columns = features(self._extractor, samples, return_attention_mask=True, **whole)
        timed = self._times and (long or request.timestamps is True)
        about = (timed, request.settings)
        return [TensorItem(columns, length_of_sound(samples), about, settings=about)]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; what was heard, with its segments where they are wanted."""
        return run_alike(items, self._forward)

    def shape(self, request: Any, outputs: Sequence[Any]) -> dict[str, Any]:
        """``{text, chunks?}``, with chunks of segments."""
        text, chunks = outputs[0]
        return {"text": text, "chunks": chunks} if request.timestamps else {"text": text}

    def _check(self, request: Any) -> None:
        wanted = request.timestamps
        if wanted and not self._times:
            raise InvalidRequestError(
                "parameters.return_timestamps: this model does not say when; leave it out."
            )
        if wanted in ("word", "char"):
            raise InvalidRequestError(
                "parameters.return_timestamps: this model gives the times of segments; use true."
            )

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        timed, settings = items[0].about
        inputs = fit(batch, self._model)
        if not timed:
            ids = generated(self._model, inputs, settings)
            return [(text, []) for text in self._texts(ids)]
        # several sounds longer than a window would be heard at the pace of the longest
        output = generated(
            self._model, inputs, settings, return_timestamps=True, return_segments=True
        )
        texts = self._texts(output["sequences"])
        segments = [self._segments(found) for found in output["segments"]]
        return list(zip(texts, segments, strict=True))

    def _texts(self, ids: Any) -> list[str]:
        return [str(text) for text in self._tokenizer.batch_decode(ids, skip_special_tokens=True)]

    def _segments(self, found: Sequence[Any]) -> list[dict[str, Any]]:
        chunks = []
        for segment in found:
            text = self._tokenizer.decode(segment["tokens"], skip_special_tokens=True)
            times = [round(float(segment[side]), 2) for side in ("start", "end")]
            chunks.append({"text": text, "timestamp": times})
        return chunks
