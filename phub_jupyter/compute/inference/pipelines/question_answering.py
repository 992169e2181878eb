"""Question answering: a question and a text in, the part of the text that answers it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.answer_spans import (
    Place,
    Span,
    WindowScores,
    best_spans,
    score_window,
)
from phub_jupyter.compute.inference.pipelines.call import (
    flag,
    object_of,
    read_call,
    text,
    whole_number,
)
from phub_jupyter.compute.inference.pipelines.tensors import finite
from phub_jupyter.compute.inference.pipelines.text_model import (
    TextModel,
    probabilities,
    require_offsets,
)
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText, own, tokenised
from phub_jupyter.errors import InvalidRequestError

__all__ = ["QuestionAnswering", "QuestionAnsweringRequest", "load", "parse"]

_DEFAULTS = {"max_answer_len": 15, "max_question_len": 64, "max_seq_len": 384, "top_k": 1}
_HIGHEST = {"max_answer_len": 512, "top_k": 100}
_FLAGS = {"align_to_words": True, "handle_impossible_answer": False}
_PARAMETERS = (*_DEFAULTS, *_FLAGS, "doc_stride")
_MAX_WINDOWS = 512


@dataclass(frozen=True, slots=True)
class QuestionAnsweringRequest:
    """A checked question and its text. Without ``doc_stride`` windows overlap by up to 128."""

    question: str
    context: str
    numbers: dict[str, int]
    flags: dict[str, bool]
    doc_stride: int | None


@dataclass(frozen=True, slots=True)
class _Window:
    """Which tokens may be in an answer, and the characters that each would take along."""

    request: QuestionAnsweringRequest
    places: list[Place | None]
    nothing: int | None


def parse(body: Mapping[str, Any]) -> QuestionAnsweringRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=_PARAMETERS)
    inputs = object_of("inputs", call.inputs)
    for field in inputs:
        if field not in ("question", "context"):
            raise InvalidRequestError(f"inputs.{field}: unknown; send question and context.")
    sent = call.parameters
    stride = sent.get("doc_stride")
    return QuestionAnsweringRequest(
        text("inputs.question", inputs.get("question")),
        text("inputs.context", inputs.get("context")),
        {
            name: whole_number(
                f"parameters.{name}", sent.get(name, default), high=_HIGHEST.get(name)
            )
            for name, default in _DEFAULTS.items()
        },
        {name: flag(f"parameters.{name}", sent.get(name, own)) for name, own in _FLAGS.items()},
        None if stride is None else whole_number("parameters.doc_stride", stride, low=0),
    )


class QuestionAnswering:
    """A loaded model that points at the first and the last token of an answer."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        require_offsets(tokenizer)
        # Models that are filled up on the left were trained with the text before the question.
        self._side = 1 if tokenizer.padding_side == "right" else 0
        self._text_model = TextModel(
            model, tokenizer, probabilities, output=_both_logits, decides=False
        )

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return self._text_model.describe()

    def tokenise(self, request: QuestionAnsweringRequest) -> list[TokenisedText]:
        """The question with the text, in windows that overlap where the text is long."""
        tokenizer = self._text_model.tokenizer
        encoding = self._encode(request, self._question(request))
        count = len(encoding["input_ids"])
        if count > _MAX_WINDOWS:
            raise InvalidRequestError(
                f"inputs.context: it makes {count} windows, more than {_MAX_WINDOWS}; send less "
                "text, or a smaller parameters.doc_stride."
            )
        windows = [
            _Window(
                request,
                _places(encoding, index, self._side, request.flags["align_to_words"]),
                _position(encoding["input_ids"][index], tokenizer.cls_token_id),
            )
            for index in range(count)
        ]
        return tokenised(tokenizer, encoding, windows)

    def _question(self, request: QuestionAnsweringRequest) -> str:
        longest = request.numbers["max_question_len"]
        encoding = own(self._text_model.tokenizer)(
            request.question,
            add_special_tokens=False,
            return_offsets_mapping=True,
            truncation=True,
            max_length=longest,
        )
        offsets = encoding["offset_mapping"]
        if not offsets:
            raise InvalidRequestError("inputs.question: the model's tokenizer finds nothing in it.")
        return request.question[: offsets[-1][1]]

    def _encode(self, request: QuestionAnsweringRequest, question: str) -> Any:
        model = self._text_model
        longest = min(request.numbers["max_seq_len"], model.max_length)
        asked = len(own(model.tokenizer)(question, add_special_tokens=False)["input_ids"])
        special = model.tokenizer.num_special_tokens_to_add(pair=True)
        room = longest - special - asked
        if room < 1:
            raise InvalidRequestError(
                f"inputs.question: its {asked} tokens leave no room for the text, as the model "
                f"sees {longest} at a time; ask in fewer words, or raise parameters.max_seq_len."
            )
        stride = request.doc_stride
        if stride is not None and stride >= room:
            raise InvalidRequestError(
                f"parameters.doc_stride: the model sees {room} tokens of the text at a time, so "
                "use less than that."
            )
        pair = (question, request.context) if self._side else (request.context, question)
        return model.encode(
            [pair],
            max_length=longest,
            truncation="only_second" if self._side else "only_first",
            stride=min(128, room // 2) if stride is None else stride,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )

    def run(self, items: Sequence[TokenisedText]) -> list[Any]:
        """Run one batch; for each window the best spans in it."""
        output = self._text_model.forward(items)
        starts = finite(output.start_logits.float()).cpu().numpy()
        ends = finite(output.end_logits.float()).cpu().numpy()
        left = self._text_model.tokenizer.padding_side == "left"
        outputs = []
        for item, start, end in zip(items, starts, ends, strict=True):
            part = slice(len(start) - item.length, None) if left else slice(item.length)
            outputs.append(_score(item.about, start[part], end[part]))
        return outputs

    def shape(self, request: QuestionAnsweringRequest, outputs: Sequence[Any]) -> Any:
        """``{answer, score, start, end}``, or a list of those if more than one is asked for."""
        spans = best_spans(
            outputs,
            count=request.numbers["top_k"],
            may_be_missing=request.flags["handle_impossible_answer"],
        )
        answers = [_answer(request.context, span) for span in spans]
        if not answers:
            raise InvalidRequestError("inputs.context: the model's tokenizer finds nothing in it.")
        return answers[0] if request.numbers["top_k"] == 1 else answers


def _both_logits(output: Any) -> Any:
    import torch

    return torch.stack([output.start_logits, output.end_logits])


def _score(window: _Window, start: Any, end: Any) -> WindowScores:
    numbers = window.request.numbers
    return score_window(
        start,
        end,
        window.places,
        window.nothing,
        longest=numbers["max_answer_len"],
        count=numbers["top_k"],
    )


def _places(encoding: Any, index: int, side: int, whole_words: bool) -> list[Place | None]:
    """The characters of each token of the text, or of its whole word; None for all others."""
    offsets = encoding["offset_mapping"][index]
    words = encoding.word_ids(index) if whole_words else range(len(offsets))
    rows = [
        (place, word if which == side else None)
        for place, word, which in zip(offsets, words, encoding.sequence_ids(index), strict=True)
    ]
    reach: dict[int, Place] = {}
    for place, word in rows:
        if word is not None:
            low, high = reach.get(word, place)
            reach[word] = (min(low, place[0]), max(high, place[1]))
    return [None if word is None else reach[word] for _, word in rows]


def _position(ids: Sequence[int], token: int | None) -> int | None:
    return ids.index(token) if token is not None and token in ids else None


def _answer(context: str, span: Span) -> dict[str, Any]:
    part = context[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip())  # some tokens begin with the space before
    answer = part.strip()
    return {"answer": answer, "score": span.score, "start": start, "end": start + len(answer)}


def load(folder: Path) -> QuestionAnswering:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return QuestionAnswering(*load_parts(folder, "AutoModelForQuestionAnswering"))
