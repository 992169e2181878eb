"""Feature extraction: texts in, vectors out.

Sentence-transformers repositories give one vector a text, plain encoders one for every token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phub_jupyter.compute.inference.pipelines.call import (
    Call,
    choice,
    flag,
    read_call,
    text,
    texts,
    whole_number,
)
from phub_jupyter.compute.inference.pipelines.text_vectors import VectorWishes, load
from phub_jupyter.errors import InvalidRequestError

__all__ = ["FeatureExtractionRequest", "as_lists", "load", "parse", "shortened"]

_FIELDS = (
    *("normalize", "prompt_name", "truncate", "truncation_direction"),
    *("dimensions", "encoding_format"),
)
_MOST_NUMBERS = 4_000_000  # which is about half of what fits into one answer
_DECIMALS = 8  # vectors are mostly of length one, and fp32 knows no more of them


@dataclass(frozen=True, slots=True)
class FeatureExtractionRequest:
    """Checked texts and wishes; a single text gets no list around its vectors."""

    wishes: VectorWishes
    single: bool
    normalize: bool
    dimensions: int | None

    def answer(self, vectors: Sequence[Any], tokens: int) -> Any:
        """``[…]`` or ``[[…], …]`` of pooled vectors; ``[[[…], …]]`` or more of those of tokens."""
        if sum(vector[..., : self.dimensions].size for vector in vectors) > _MOST_NUMBERS:
            raise InvalidRequestError(
                f"inputs: the vectors of all tokens are more than {_MOST_NUMBERS} numbers; send "
                "fewer texts at a time."
            )
        found = [as_lists(shortened(vector, self.dimensions, self.normalize)) for vector in vectors]
        return found[0] if self.single and vectors[0].ndim == 1 else found


def parse(body: Mapping[str, Any]) -> FeatureExtractionRequest:
    """Check a call; clients send its fields beside ``inputs`` or among the parameters."""
    call = read_call(body, parameters=_FIELDS, top_level=_FIELDS)
    sent = _sent(call)
    choice("encoding_format", sent.get("encoding_format", "float"), ("float",))
    prompt, dimensions = sent.get("prompt_name"), sent.get("dimensions")
    wishes = VectorWishes(
        texts("inputs", call.inputs),
        prompt_name=None if prompt is None else text("prompt_name", prompt),
        truncate=flag("truncate", sent.get("truncate", True)),
        direction=choice(
            "truncation_direction",
            str(sent.get("truncation_direction", "right")).lower(),
            ("left", "right"),
        ),
    )
    return FeatureExtractionRequest(
        wishes,
        isinstance(call.inputs, str),
        flag("normalize", sent.get("normalize", False)),
        None if dimensions is None else whole_number("dimensions", dimensions),
    )


def _sent(call: Call) -> dict[str, Any]:
    for name in call.extra:
        if name in call.parameters:
            raise InvalidRequestError(f"{name}: sent twice; leave it out of the parameters.")
    return {**call.parameters, **call.extra}


def shortened(vector: Any, dimensions: int | None, normalize: bool) -> Any:
    """A vector's first numbers, and of length one if that is wished or it was so before.

    Models are trained so that the first numbers of a vector are a good shorter one.
    """
    import numpy as np

    width = vector.shape[-1]
    if dimensions is not None and dimensions > width:
        raise InvalidRequestError(f"dimensions: the model's vectors have {width} numbers.")
    was_unit = bool(np.allclose(np.linalg.norm(vector, axis=-1), 1, atol=1e-3))
    found = vector[..., :dimensions]
    if normalize or (dimensions is not None and was_unit):
        found = found / np.maximum(np.linalg.norm(found, axis=-1, keepdims=True), 1e-12)
    return found


def as_lists(vector: Any) -> Any:
    """The numbers as JSON has them."""
    return vector.astype("float64").round(_DECIMALS).tolist()
