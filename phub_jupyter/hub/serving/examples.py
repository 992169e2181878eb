"""Examples to try a model with: those of its card, or else some that suit its task.

A card is a stranger's: what has another shape than its task needs is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from phub_jupyter.calls import call_schema, chat_schema
from phub_jupyter.hub.serving.default_examples import DEFAULTS, MASK

__all__ = ["Example", "Speech", "examples"]

_MOST = 50
_LONGEST = 1_000_000
_MOST_CELLS = 100_000
_MASKS = ("[MASK]", "<mask>")


@dataclass(frozen=True, slots=True)
class Example:
    """A call to try. Without ``messages`` it goes to the model's own address.

    ``src`` is where the picture or sound is that belongs into ``inputs``.
    """

    inputs: Any = None
    messages: list[dict[str, Any]] | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    src: str | None = None
    title: str | None = None
    group: str | None = None
    output: Any = None


@dataclass(frozen=True, slots=True)
class Speech:
    """How a model wants to be spoken to: its mask, whether it chats, a table that it takes."""

    mask: str = MASK
    chats: bool = False
    table: dict[str, Any] | None = None


def examples(task: str, card: Mapping[str, Any], speech: Speech) -> list[Example]:
    """The examples of the card's ``widget``, or if none of them fits, our own."""
    widget = card.get("widget")
    entries = widget if isinstance(widget, list) else [widget]
    inference = _object(card.get("inference"))
    common = _object(inference.get("parameters"))
    found = _read(task, entries[: 2 * _MOST], common, speech)[:_MOST]
    if found:
        return found
    own = DEFAULTS.get(task, [])
    if task.startswith("tabular-") and speech.table:
        own = [{"structured_data": speech.table}]
    return _read(task, own, common, speech)


def _read(
    task: str, entries: Iterable[Any], common: dict[str, Any], speech: Speech
) -> list[Example]:
    found = []
    for entry in entries:
        sent = {"text": entry} if isinstance(entry, str) else _object(entry)
        example = _example(task, sent, common, speech)
        if example is not None:
            found.append(example)
    return found


def _example(
    task: str, entry: dict[str, Any], common: dict[str, Any], speech: Speech
) -> Example | None:
    given = {**common, **_object(entry.get("parameters"))}
    about = {
        "title": _text(entry.get("example_title")),
        "group": _text(entry.get("group")),
        "output": entry.get("output"),
    }
    messages = _messages(entry.get("messages"))
    if messages is not None:
        if task != "text-generation" or not speech.chats:
            return None
        if "max_new_tokens" in given:
            given["max_tokens"] = given.pop("max_new_tokens")
        known = chat_schema()["properties"]
        return Example(messages=messages, parameters=_known(given, known), **about)
    parameters = _known(given, call_schema(task)["properties"]["parameters"]["properties"])
    src = _source(entry.get("src"))
    labels = entry.get("candidate_labels", parameters.get("candidate_labels"))
    if labels is not None:
        parameters["candidate_labels"] = _labels(labels)
    if task == "zero-shot-classification" and isinstance(entry.get("multi_class"), bool):
        parameters["multi_label"] = entry["multi_class"]
    reader: Callable[[dict[str, Any]], Any] = _READERS.get(task, _plain)
    inputs = reader(entry)
    if task == "fill-mask" and inputs is not None:
        for spelling in _MASKS:
            inputs = inputs.replace(spelling, speech.mask)
    if not _complete(task, inputs, parameters, src):
        return None
    return Example(inputs, None, parameters, src if task in _WITH_FILE else None, **about)


def _complete(task: str, inputs: Any, parameters: dict[str, Any], src: str | None) -> bool:
    if task.startswith("zero-shot-") and len(parameters.get("candidate_labels") or ()) < 2:
        return False
    if task in _WITH_FILE:
        return src is not None and (inputs is not None or task not in _QUESTIONS)
    return inputs is not None


def _plain(entry: dict[str, Any]) -> str | None:
    return _text(entry.get("text")) or _text(entry.get("prompt"))


def _nothing(entry: dict[str, Any]) -> None:
    return None


def _question_and_text(entry: dict[str, Any]) -> dict[str, Any] | None:
    question, context = _text(entry.get("text")), _text(entry.get("context"))
    return {"question": question, "context": context} if question and context else None


def _question_and_table(entry: dict[str, Any]) -> dict[str, Any] | None:
    question, table = _text(entry.get("text")), _table(entry.get("table"))
    return {"question": question, "table": table} if question and table else None


def _question(entry: dict[str, Any]) -> dict[str, Any] | None:
    question = _plain(entry)
    return {"question": question} if question else None


def _sentences(entry: dict[str, Any]) -> dict[str, Any] | None:
    source = _text(entry.get("source_sentence"))
    sentences = entry.get("sentences")
    found = [_text(it) for it in sentences] if isinstance(sentences, list) else []
    if not source or not found or not all(found):
        return None
    return {"source_sentence": source, "sentences": found}


def _data(entry: dict[str, Any]) -> dict[str, Any] | None:
    table = _table(entry.get("structured_data")) or _table(entry.get("table"))
    return {"data": table} if table else None


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "question-answering": _question_and_text,
    "table-question-answering": _question_and_table,
    "visual-question-answering": _question,
    "document-question-answering": _question,
    "sentence-similarity": _sentences,
    "tabular-classification": _data,
    "tabular-regression": _data,
    "image-classification": _nothing,
    "zero-shot-image-classification": _nothing,
    "object-detection": _nothing,
    "image-segmentation": _nothing,
    "image-to-text": _nothing,
    "audio-classification": _nothing,
    "automatic-speech-recognition": _nothing,
    "audio-to-audio": _nothing,
}
_QUESTIONS = ("visual-question-answering", "document-question-answering")
_WITH_FILE = (*_QUESTIONS, *(task for task, reader in _READERS.items() if reader is _nothing))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    text = str(value) if isinstance(value, str | int | float) else ""
    return text if text.strip() and len(text) <= _LONGEST else None


def _source(value: Any) -> str | None:
    """The address of a file on the web, or its path in the repository."""
    text = _text(value)
    try:
        scheme = urlsplit(text or "").scheme
    except ValueError:
        return None
    return text if scheme in ("", "http", "https") else None


def _known(given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in known if given.get(name) is not None}


def _labels(value: Any) -> list[str]:
    entries = value.split(",") if isinstance(value, str) else value
    if not isinstance(entries, list):
        return []
    return [text.strip() for text in map(_text, entries) if text is not None]


def _table(value: Any) -> dict[str, list[Any]] | None:
    """Columns of equal length, of a table by columns or by rows."""
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        if len(value) * len(value[0]) > _MOST_CELLS:
            return None
        value = {name: [row.get(name) for row in value] for name in value[0]}
    if not isinstance(value, dict) or not value:
        return None
    columns = {name: cells if isinstance(cells, list) else [cells] for name, cells in value.items()}
    lengths = {len(cells) for cells in columns.values()}
    plain = all(
        cell is None or isinstance(cell, str | int | float)
        for cells in columns.values()
        for cell in cells
    )
    return columns if plain and len(lengths) == 1 and lengths != {0} else None


def _messages(value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list) or not value:
        return None
    found = [
        {"role": message["role"], "content": message["content"]}
        for message in map(_object, value)
        if isinstance(message.get("role"), str) and isinstance(message.get("content"), str)
    ]
    return found if len(found) == len(value) else None
