"""Document question answering: a picture of a page and a question in, answers out.

Some models point at words, and are told the words and their places (LayoutLM); others read the
picture themselves and write the answer (Donut).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import choose_class, load_parts
from phub_jupyter.compute.inference.pipelines.call import (
    Call,
    flag,
    number,
    read_call,
    text,
    whole_number,
)
from phub_jupyter.compute.inference.pipelines.document_reading import DocumentReading
from phub_jupyter.compute.inference.pipelines.document_words import DocumentWords
from phub_jupyter.compute.inference.pipelines.picture_questions import TOP_LEVEL, read_question
from phub_jupyter.errors import InvalidRequestError

__all__ = ["DocumentQuestion", "load", "parse"]

_NUMBERS = {"doc_stride": None, "max_answer_len": 15, "max_question_len": 64, "max_seq_len": None}
_PARAMETERS = (*_NUMBERS, "top_k", "handle_impossible_answer", "lang", "word_boxes")
_MAX_WORDS = 10_000

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class DocumentQuestion:
    """A file that should be a picture of a page, what is asked, and its words if they were sent."""

    data: bytes
    question: str
    words: tuple[str, ...] | None
    boxes: tuple[Box, ...]
    numbers: dict[str, int | None]
    top_k: int
    may_be_missing: bool


def parse(body: Mapping[str, Any]) -> DocumentQuestion:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=_PARAMETERS, top_level=TOP_LEVEL, needs_inputs=False)
    data, question = read_question(call)
    words, boxes = _read_words(call)
    sent = call.parameters
    if "lang" in sent:
        text("parameters.lang", sent["lang"])  # of a reader of pictures, which is not here
    numbers = {
        name: whole_number(f"parameters.{name}", sent[name]) if name in sent else default
        for name, default in _NUMBERS.items()
    }
    return DocumentQuestion(
        data,
        question,
        words,
        boxes,
        numbers,
        whole_number("parameters.top_k", sent.get("top_k", 1)),
        flag("parameters.handle_impossible_answer", sent.get("handle_impossible_answer", False)),
    )


def _read_words(call: Call) -> tuple[tuple[str, ...] | None, tuple[Box, ...]]:
    """Words and boxes, sent as pairs or one after the other in one list."""
    name, sent = "parameters.word_boxes", call.parameters.get("word_boxes")
    if sent is None:
        return None, ()
    pairs = sent
    if isinstance(sent, list) and sent and isinstance(sent[0], str):
        pairs = [list(pair) for pair in zip(sent[::2], sent[1::2], strict=False)]
    if not isinstance(pairs, list) or not pairs or (pairs is not sent and len(sent) % 2):
        raise InvalidRequestError(f'{name}: send words with boxes, as [["Total", [0, 0, 90, 20]]].')
    if len(pairs) > _MAX_WORDS:
        raise InvalidRequestError(f"{name}: send at most {_MAX_WORDS:,} words.")
    words, boxes = [], []
    for index, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise InvalidRequestError(f"{name}[{index}]: send a word and its box.")
        words.append(text(f"{name}[{index}][0]", pair[0]))
        boxes.append(_read_box(f"{name}[{index}][1]", pair[1]))
    return tuple(words), tuple(boxes)


def _read_box(name: str, value: Any) -> Box:
    if not isinstance(value, list) or len(value) != 4:
        raise InvalidRequestError(f"{name}: send left, top, right and bottom, each from 0 to 1000.")
    left, top, right, bottom = (
        int(number(f"{name}[{side}]", place, low=0, high=1000)) for side, place in enumerate(value)
    )
    return left, top, right, bottom


def load(folder: Path) -> DocumentWords | DocumentReading:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    auto_class = choose_class(
        folder, "AutoModelForDocumentQuestionAnswering", "AutoModelForImageTextToText"
    )
    if auto_class == "AutoModelForImageTextToText":
        return DocumentReading(
            *load_parts(folder, auto_class, "AutoImageProcessor", "AutoTokenizer")
        )
    if (folder / "preprocessor_config.json").is_file():
        model, processor, tokenizer = load_parts(
            folder, auto_class, "AutoImageProcessor", "AutoTokenizer"
        )
        return DocumentWords(model, tokenizer, processor)
    return DocumentWords(*load_parts(folder, auto_class))
