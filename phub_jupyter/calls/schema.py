"""The whole body of a call as one JSON schema."""

from __future__ import annotations

from phub_jupyter.calls.fields import Schema, flag, number, text, texts, whole
from phub_jupyter.calls.inputs import INPUTS
from phub_jupyter.calls.parameters import PARAMETERS, REQUIRED

__all__ = ["call_schema", "chat_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_STREAM = flag("Answer piece by piece, as events.", default=False)


def call_schema(task: str) -> Schema:
    """What to send to a model's own address for ``task``, which must be one that can be served."""
    required = list(REQUIRED.get(task, ()))
    parameters: Schema = {
        "type": "object",
        "properties": PARAMETERS[task],
        "additionalProperties": False,
    }
    if required:
        parameters["required"] = required
    fields: dict[str, Schema] = {"inputs": INPUTS[task], "parameters": parameters}
    if task == "text-generation":
        fields["stream"] = _STREAM
    return {
        "$schema": _DIALECT,
        "type": "object",
        "properties": fields,
        "required": ["inputs", *(["parameters"] if required else [])],
    }


def chat_schema() -> Schema:
    """What to send to ``/v1/chat/completions``, as far as a form needs it."""
    message: Schema = {
        "type": "object",
        "properties": {"role": text(), "content": {"type": "string"}},
        "required": ["role", "content"],
    }
    return {
        "$schema": _DIALECT,
        "type": "object",
        "properties": {
            "messages": {"type": "array", "items": message, "minItems": 1, "maxItems": 1024},
            "max_tokens": whole("The most tokens to write.", high=32_768),
            "temperature": number("How daring it is; 0 takes the likeliest token.", high=100),
            "top_p": number("Share of probability to draw from.", above=True),
            "seed": whole("The same seed draws the same text.", low=0, high=2**63 - 1),
            "stop": texts("Texts that end the answer.", least=0, most=16),
            "stream": _STREAM,
        },
        "required": ["messages"],
    }
