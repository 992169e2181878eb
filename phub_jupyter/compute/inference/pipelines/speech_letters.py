"""Speech recognition by models that name the letter of every moment (CTC)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from phub_jupyter.compute.inference.pipelines.recordings import (
    features,
    length_of_sound,
    samples_of,
)
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, blame_model, run_alike
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.errors import InvalidRequestError

__all__ = ["SpeechLetters"]

_PIECE_SECONDS, _OVERLAP_SECONDS = 30, 5


class SpeechLetters:
    """A loaded model. ``about`` of its items is how many frames to drop on the left and right."""

    def __init__(self, model: Any, extractor: Any, tokenizer: Any) -> None:
        self._extractor, self._tokenizer = extractor, tokenizer
        self._frame = int(getattr(model.config, "inputs_to_logits_ratio", 1))
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, rate=self._extractor.sampling_rate)

    def tokenise(self, request: Any) -> list[TensorItem]:
        """The sound in overlapping pieces, as the model's tensors."""
        if request.settings:
            raise InvalidRequestError(
                "parameters.generation_parameters: this model does not generate; leave them out."
            )
        samples = samples_of(self._extractor, "inputs", request.data)
        return [
            TensorItem(
                features(self._extractor, piece, return_attention_mask=True),
                length_of_sound(piece),
                dropped,
            )
            for piece, dropped in self._pieces(samples)
        ]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the most probable letter of each frame that is kept."""
        return run_alike(items, self._forward)

    def shape(self, request: Any, outputs: Sequence[Any]) -> dict[str, Any]:
        """``{text, chunks?}``, with chunks of words unless letters are asked for."""
        import numpy as np

        ids = np.concatenate(list(outputs))
        with blame_model():
            answer: dict[str, Any] = {"text": self._tokenizer.decode(ids)}
            if request.timestamps:
                kind = "char" if request.timestamps == "char" else "word"
                answer["chunks"] = self._chunks(ids, kind)
        return answer

    def _chunks(self, ids: Any, kind: str) -> list[dict[str, Any]]:
        options = {f"output_{kind}_offsets": True}
        seconds = self._frame / self._extractor.sampling_rate
        return [
            {
                "text": offset[kind],
                "timestamp": [offset["start_offset"] * seconds, offset["end_offset"] * seconds],
            }
            for offset in self._tokenizer.decode(ids, **options)[f"{kind}_offsets"]
        ]

    def _pieces(self, samples: Any) -> Iterator[tuple[Any, tuple[int, int]]]:
        rate, frame = self._extractor.sampling_rate, self._frame
        longest = _PIECE_SECONDS * rate // frame * frame
        overlap = _OVERLAP_SECONDS * rate // frame * frame
        for start in range(0, len(samples), longest - 2 * overlap):
            piece = samples[start : start + longest]
            last = start + longest >= len(samples)
            left, right = overlap if start else 0, 0 if last else overlap
            yield piece, (left // frame, right // frame)
            if last:
                return

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        ids = self._model(**fit(batch, self._model)).logits.argmax(-1).cpu().numpy()
        kept = []
        for row, item in zip(ids, items, strict=True):
            left, right = item.about
            kept.append(row[left : len(row) - right])
        return kept
