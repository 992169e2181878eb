"""The model as the tuned references run it: whole batches, padded, in a given precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["BATCH", "WAIT_SECONDS", "Classifier"]

BATCH = 32
WAIT_SECONDS = 0.005
"""Both frameworks wait this long for a batch to fill, from its first text on."""


class Classifier:
    """One lane: one thread that classifies one batch at a time."""

    def __init__(self, folder: str, precision: str) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        torch.set_num_threads(1)
        self._torch = torch
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModelForSequenceClassification.from_pretrained(
            folder, dtype=getattr(torch, precision)
        ).eval()

    def classify(self, texts: Sequence[str]) -> list[list[list[dict[str, Any]]]]:
        """An answer in the shape of the Inference API for each text."""
        inputs = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        with self._torch.inference_mode():
            rows = self._model(**inputs).logits.float().softmax(-1).tolist()
        names = self._model.config.id2label
        return [[_ranked(row, names)] for row in rows]


def _ranked(row: list[float], names: dict[int, str]) -> list[dict[str, Any]]:
    found = [{"label": names[index], "score": score} for index, score in enumerate(row)]
    return sorted(found, key=lambda entry: -entry["score"])
