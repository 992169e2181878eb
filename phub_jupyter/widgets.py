"""What a person can try on a model: what its task takes, and examples, as bodies of calls.

The examples of a card have the shapes of the public hub (``widget`` in the front matter). What a
task's pipeline takes is decided there; a test holds the schemas and examples here against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phub_jupyter.tasks import Task

__all__ = ["examples_of", "schema_of"]

_MOST_EXAMPLES = 20
_LONGEST = 5000

_TEXT = {"type": "string"}
_FILE = {"type": "string", "contentEncoding": "base64"}
_COLUMNS = {"type": "object", "additionalProperties": {"type": "array"}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


_INPUTS: dict[str, Any] = {
    "text": _TEXT,
    "question+context": _object(question=_TEXT, context=_TEXT),
    "sentences": _object(
        source_sentence=_TEXT, sentences={"type": "array", "items": _TEXT, "minItems": 1}
    ),
    "table": _object(data=_COLUMNS),
    "image": _FILE,
    "audio": _FILE,
    "image+question": _object(image=_FILE, question=_TEXT),
}
_OWN_INPUTS = {"table-question-answering": _object(query=_TEXT, table=_COLUMNS)}
_LABELS = {"type": "array", "items": _TEXT, "minItems": 2}
_WITH_LABELS = ("zero-shot-classification", "zero-shot-image-classification")

_USUAL: dict[str, tuple[Any, ...]] = {
    "text-classification": ("A warm, funny film with a wonderful cast.",),
    "token-classification": ("Ada met Charles in London.",),
    "zero-shot-classification": ("The engine broke down on the way home.",),
    "feature-extraction": ("A quiet film.",),
    "summarization": (
        "The committee met on Monday. It read the report, asked two questions and adopted it.",
    ),
    "translation": ("A quiet film.",),
    "text-generation": ("Once upon a time",),
    "text-to-image": ("A lighthouse in the evening",),
    "text-to-speech": ("Good morning.",),
    "text-to-audio": ("Good morning.",),
    "question-answering": (
        {"question": "Who wrote it?", "context": "The report was written by Ada in 1843."},
    ),
    "sentence-similarity": (
        {"source_sentence": "A quiet film.", "sentences": ["A calm movie.", "A loud engine."]},
    ),
    "table-question-answering": (
        {"query": "Which is larger?", "table": {"City": ["Bern", "Rome"], "People": ["1", "9"]}},
    ),
}  # fmt: skip


def schema_of(task: Task) -> dict[str, Any]:
    """The JSON schema of a call's body."""
    inputs = _OWN_INPUTS.get(task.name, _INPUTS[task.inputs])
    body = _object(inputs=inputs)
    if task.name in _WITH_LABELS:
        body["properties"]["parameters"] = _object(candidate_labels=_LABELS)
        body["required"].append("parameters")
    return body


def examples_of(task: Task, card_data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bodies of calls to try: those of the card, else usual ones; none for files and tables."""
    listed = card_data.get("widget")
    given = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ()
    found = []
    for each in given[:_MOST_EXAMPLES]:
        inputs = _inputs(task, each) if isinstance(each, Mapping) else None
        if inputs is not None:
            found.append(_body(task, inputs, each))
    return found or [_body(task, inputs, {}) for inputs in _USUAL.get(task.name, ())]


def _body(task: Task, inputs: Any, example: Mapping[str, Any]) -> dict[str, Any]:
    if task.name not in _WITH_LABELS:
        return {"inputs": inputs}
    text = example.get("candidate_labels", example.get("labels"))
    labels = [part.strip() for part in text.split(",")] if isinstance(text, str) else []
    return {"inputs": inputs, "parameters": {"candidate_labels": labels or ["good", "bad"]}}


def _inputs(task: Task, example: Mapping[str, Any]) -> Any:
    text = _text(example.get("text"))
    if task.inputs == "text":
        return text
    if task.inputs == "question+context":
        question, context = text or _text(example.get("question")), _text(example.get("context"))
        return {"question": question, "context": context} if question and context else None
    if task.inputs == "sentences":
        return _sentences(example)
    table = example.get("structured_data")
    if task.modality == "tabular" and isinstance(table, Mapping) and table:
        return {"data": dict(table)}
    return None  # files are not in the front matter


def _sentences(example: Mapping[str, Any]) -> Any:
    source, others = _text(example.get("source_sentence")), example.get("sentences")
    texts = [_text(each) for each in others] if isinstance(others, list) else []
    if not source or not texts or None in texts:
        return None
    return {"source_sentence": source, "sentences": texts[:_MOST_EXAMPLES]}


def _text(value: Any) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value.strip() else None
