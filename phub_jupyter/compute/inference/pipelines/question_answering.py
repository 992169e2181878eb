"""Question answering: a question and a text in, the part of the text that answers it out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.answer_spans import (
    Span,
    WindowScores,
    best_spans,
    score_window,
)
from phub_jupyter.compute.inference.pipelines.answer_windows import (
    QUESTION_TOKENS,
    WINDOW_TOKENS,
    Window,
    answer_windows,
    shortened,
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
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText, tokenised
from phub_jupyter.errors import InvalidRequestError

__all__ = [
    "ANSWER_TOKENS",
    "THRESHOLD",
    "QuestionAnswering",
    "QuestionAnsweringRequest",
    "load",
    "parse",
]

ANSWER_TOKENS = 15
THRESHOLD = "no_answer_threshold"
"""In the configuration of a model that has learnt that some questions have no answer: how much
likelier than an answer none must be, a logarithm. Such a model may say so without being told."""
_DEFAULTS = {
    "max_answer_len": ANSWER_TOKENS,
    "max_question_len": QUESTION_TOKENS,
    "max_seq_len": WINDOW_TOKENS,
    "top_k": 1,
}
_HIGHEST = {"max_answer_len": 512, "top_k": 100}
_FLAGS = ("align_to_words", "handle_impossible_answer")
_PARAMETERS = (*_DEFAULTS, *_FLAGS, "doc_stride")
_MAX_WINDOWS = 512


@dataclass(frozen=True, slots=True)
class QuestionAnsweringRequest:
    """A checked question and its text. Without ``doc_stride`` windows overlap by up to 128.

    ``flags`` are those that were sent.
    """

    question: str
    context: str
    numbers: dict[str, int]
    flags: dict[str, bool]
    doc_stride: int | None


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
        {name: flag(f"parameters.{name}", sent[name]) for name in _FLAGS if name in sent},
        None if stride is None else whole_number("parameters.doc_stride", stride, low=0),
    )


class QuestionAnswering:
    """A loaded model that points at the first and the last token of an answer."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        require_offsets(tokenizer)
        self._threshold = _threshold(model.config)
        self._text_model = TextModel(
            model, tokenizer, probabilities, output=_both_logits, decides=False
        )

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return self._text_model.describe()

    def tokenise(self, request: QuestionAnsweringRequest) -> list[TokenisedText]:
        """The question with the text, in windows that overlap where the text is long."""
        model, numbers = self._text_model, request.numbers
        encoding, windows = answer_windows(
            model.tokenizer,
            shortened(model.tokenizer, request.question, numbers["max_question_len"]),
            request.context,
            min(numbers["max_seq_len"], model.max_length),
            stride=request.doc_stride,
            whole_words=request.flags.get("align_to_words", True),
        )
        if len(windows) > _MAX_WINDOWS:
            raise InvalidRequestError(
                f"inputs.context: it makes {len(windows)} windows, more than {_MAX_WINDOWS}; send "
                "less text, or a smaller parameters.doc_stride."
            )
        return tokenised(model.tokenizer, encoding, [(request, window) for window in windows])

    def run(self, items: Sequence[TokenisedText]) -> list[Any]:
        """Run one batch; for each window the best spans in it."""
        output = self._text_model.forward(items)
        starts = finite(output.start_logits.float()).cpu().numpy()
        ends = finite(output.end_logits.float()).cpu().numpy()
        left = self._text_model.tokenizer.padding_side == "left"
        outputs = []
        for item, start, end in zip(items, starts, ends, strict=True):
            part = slice(len(start) - item.length, None) if left else slice(item.length)
            request, window = item.about
            outputs.append(_score(request, window, start[part], end[part]))
        return outputs

    def shape(self, request: QuestionAnsweringRequest, outputs: Sequence[Any]) -> Any:
        """``{answer, score, start, end}``, or a list of those if more than one is asked for."""
        knows = self._threshold is not None
        spans = best_spans(
            outputs,
            count=request.numbers["top_k"],
            may_be_missing=request.flags.get("handle_impossible_answer", knows),
            threshold=self._threshold or 0.0,
        )
        answers = [_answer(request.context, span) for span in spans]
        if not answers:
            raise InvalidRequestError("inputs.context: the model's tokenizer finds nothing in it.")
        return answers[0] if request.numbers["top_k"] == 1 else answers


def _both_logits(output: Any) -> Any:
    import torch

    return torch.stack([output.start_logits, output.end_logits])


def _threshold(config: Any) -> float | None:
    value = getattr(config, THRESHOLD, None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidRequestError(
            f"model: {THRESHOLD} in its config.json is not a number; correct it or take it out."
        )
    return float(value)


def _score(request: QuestionAnsweringRequest, window: Window, start: Any, end: Any) -> WindowScores:
    numbers = request.numbers
    return score_window(
        start,
        end,
        window.places,
        window.nothing,
        longest=numbers["max_answer_len"],
        count=numbers["top_k"],
    )


def _answer(context: str, span: Span) -> dict[str, Any]:
    part = context[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip())  # some tokens begin with the space before
    answer = part.strip()
    return {"answer": answer, "score": span.score, "start": start, "end": start + len(answer)}


def load(folder: Path) -> QuestionAnswering:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return QuestionAnswering(*load_parts(folder, "AutoModelForQuestionAnswering"))
