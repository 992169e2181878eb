"""Reads the calls that ask a question about a picture, in each of their forms."""

from __future__ import annotations

from phub_jupyter.compute.inference.pipelines.call import Call, media, object_of, text
from phub_jupyter.errors import InvalidRequestError

__all__ = ["TOP_LEVEL", "read_question"]

TOP_LEVEL = ("image", "question")
_MAX_CHARACTERS = 2_000


def read_question(call: Call) -> tuple[bytes, str]:
    """The picture and the question: beside ``inputs`` in the call, or nested in it."""
    found, prefix = call.extra, ""
    if "question" not in found:
        found, prefix = object_of("inputs", call.inputs), "inputs."
    for name in found:
        if name not in TOP_LEVEL:
            raise InvalidRequestError(f"{prefix}{name}: unknown field; send image and question.")
    question = text(f"{prefix}question", found.get("question"))
    if len(question) > _MAX_CHARACTERS:
        raise InvalidRequestError(f"{prefix}question: send at most {_MAX_CHARACTERS:,} characters.")
    image = found.get("image", call.inputs if not prefix else None)
    return media(f"{prefix}image", image), question
