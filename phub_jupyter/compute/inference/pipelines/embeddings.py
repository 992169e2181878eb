"""Embeddings: feature extraction in the form that many programs speak."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.pipelines.call import choice, text, texts, whole_number
from phub_jupyter.compute.inference.pipelines.feature_extraction import as_lists, shortened
from phub_jupyter.compute.inference.pipelines.text_vectors import VectorWishes, load
from phub_jupyter.errors import InvalidRequestError

__all__ = ["EmbeddingsRequest", "load", "parse"]

_FIELDS = ("input", "model", "dimensions", "encoding_format", "user")


@dataclass(frozen=True, slots=True)
class EmbeddingsRequest:
    """Checked texts; ``model`` is what the caller calls the model."""

    wishes: VectorWishes
    model: str
    dimensions: int | None
    encoding: str

    def answer(self, vectors: Sequence[Any], tokens: int) -> dict[str, Any]:
        """``{object, data: [{object, index, embedding}, …], model, usage}``."""
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": self._encoded(shortened(vector, self.dimensions, normalize=False)),
            }
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": data, "model": self.model, "usage": usage}

    def _encoded(self, vector: Any) -> Any:
        if self.encoding == "float":
            return as_lists(vector)
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")


def parse(body: Mapping[str, Any]) -> EmbeddingsRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    for field in body:
        if field not in _FIELDS:
            raise InvalidRequestError(f"{field}: unknown; this call takes {', '.join(_FIELDS)}.")
    dimensions = body.get("dimensions")
    return EmbeddingsRequest(
        VectorWishes(texts("input", body.get("input")), pooled=True),
        text("model", body.get("model") or "model"),
        None if dimensions is None else whole_number("dimensions", dimensions),
        choice("encoding_format", body.get("encoding_format") or "float", ("float", "base64")),
    )
