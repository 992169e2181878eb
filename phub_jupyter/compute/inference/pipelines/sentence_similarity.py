"""Sentence similarity: a sentence and others in, how close each of them is out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.pipelines.call import (
    MAX_TEXTS,
    object_of,
    read_call,
    text,
    texts,
)
from phub_jupyter.compute.inference.pipelines.text_vectors import VectorWishes, load
from phub_jupyter.errors import InvalidRequestError

__all__ = ["SentenceSimilarityRequest", "load", "parse"]


@dataclass(frozen=True, slots=True)
class SentenceSimilarityRequest:
    """The checked sentences, the source first."""

    wishes: VectorWishes

    def answer(self, vectors: Sequence[Any], tokens: int) -> list[float]:
        """``[number, …]``: the cosine of the angle between the source and each sentence."""
        import numpy as np

        rows = np.stack(list(vectors)).astype("float64")
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        found: list[float] = (rows[1:] @ rows[0]).clip(-1, 1).tolist()
        return found


def parse(body: Mapping[str, Any]) -> SentenceSimilarityRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    inputs = object_of("inputs", read_call(body).inputs)
    for field in inputs:
        if field not in ("source_sentence", "sentences"):
            raise InvalidRequestError(
                f"inputs.{field}: unknown; send source_sentence and sentences."
            )
    source = text("inputs.source_sentence", inputs.get("source_sentence"))
    sentences = texts("inputs.sentences", inputs.get("sentences"), limit=MAX_TEXTS - 1)
    return SentenceSimilarityRequest(VectorWishes((source, *sentences), pooled=True))
