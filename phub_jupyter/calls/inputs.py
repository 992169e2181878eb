"""What each task takes as ``inputs``."""

from __future__ import annotations

from phub_jupyter.calls.fields import Schema, text, texts

__all__ = ["INPUTS"]

_LONGEST = 1_000_000
_MOST_TEXTS = 512

_ONE = text(longest=_LONGEST)
_TEXTS: Schema = {"anyOf": [_ONE, texts("Several texts.", most=_MOST_TEXTS)]}


def _object(**fields: Schema) -> Schema:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _file(kind: str) -> Schema:
    return {
        "type": "string",
        "contentEncoding": "base64",
        "contentMediaType": f"{kind}/*",
        "description": "A file as base64; without parameters it may be the whole body instead.",
    }


def _table(*cells: str) -> Schema:
    cell = {"type": list(cells)}
    return {
        "type": "object",
        "description": "Columns by name, each with one value a row.",
        "additionalProperties": {"type": "array", "items": cell, "minItems": 1},
        "minProperties": 1,
    }


_ANY_TABLE = _table("string", "number", "null")
_IMAGE = _file("image")
_SOUND = _file("audio")
_PICTURE_QUESTION = _object(image=_IMAGE, question=text(longest=2_000))
_SHORT = text(longest=5_000)

INPUTS: dict[str, Schema] = {
    "text-classification": _TEXTS,
    "token-classification": _TEXTS,
    "fill-mask": _TEXTS,
    "question-answering": _object(question=_ONE, context=_ONE),
    "zero-shot-classification": _TEXTS,
    "sentence-similarity": _object(
        source_sentence=_ONE, sentences=texts("The sentences to compare.", most=_MOST_TEXTS - 1)
    ),
    "feature-extraction": _TEXTS,
    "summarization": _TEXTS,
    "translation": _TEXTS,
    "text-generation": _ONE,
    "table-question-answering": _object(question=_ONE, table=_ANY_TABLE),
    "tabular-classification": _object(data=_ANY_TABLE),
    "tabular-regression": _object(data=_ANY_TABLE),
    "image-classification": _IMAGE,
    "zero-shot-image-classification": _IMAGE,
    "object-detection": _IMAGE,
    "image-segmentation": _IMAGE,
    "image-to-text": _IMAGE,
    "visual-question-answering": _PICTURE_QUESTION,
    "document-question-answering": _PICTURE_QUESTION,
    "audio-classification": _SOUND,
    "automatic-speech-recognition": _SOUND,
    "text-to-image": _SHORT,
    "text-to-speech": _SHORT,
    "text-to-audio": _SHORT,
    "audio-to-audio": _SOUND,
}
