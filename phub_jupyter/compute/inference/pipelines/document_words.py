"""Answers questions about pages by models that point at words whose places they are told."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from phub_jupyter.compute.inference.pipelines.tensors import (
    TensorItem,
    blame_model,
    finite,
    run_alike,
)
from phub_jupyter.compute.inference.pipelines.tokens import own
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.compute.media.images import read_image
from phub_jupyter.errors import InvalidRequestError

__all__ = ["DocumentWords"]

_NOWHERE, _END = (0, 0, 0, 0), (1000, 1000, 1000, 1000)
_FAR_BELOW = -10_000.0  # in place of the logits of tokens that cannot be answers


class DocumentWords:
    """A loaded model. Items are windows over the words; ``about`` is each token's word or None."""

    def __init__(self, model: Any, tokenizer: Any, processor: Any = None) -> None:
        self._tokenizer, self._processor = tokenizer, processor
        self._takes = set(inspect.signature(model.forward).parameters)
        self._places_words = "boxes" in inspect.signature(tokenizer.__call__).parameters
        positions = int(getattr(model.config, "max_position_embeddings", 512))
        self._max_tokens = min(tokenizer.model_max_length, positions)
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, max_tokens=self._max_tokens)

    def tokenise(self, request: Any) -> list[TensorItem]:
        """Windows over the page's words, each with the question before it."""
        if request.words is None:
            raise InvalidRequestError(
                "parameters.word_boxes: this model is told the words of a page and their places, "
                "and this hub does not read them from the picture; send them, or use a model that "
                "reads pictures itself, such as Donut."
            )
        image = read_image("image", request.data)
        pixels: dict[str, Any] = {}
        with blame_model():
            if self._processor is not None and "pixel_values" in self._takes:
                pixels = dict(self._processor(images=[image], apply_ocr=False, return_tensors="pt"))
            return list(self._windows(request, pixels))

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; probabilities to be the first and the last token of the answer."""
        return run_alike(items, self._forward)

    def shape(self, request: Any, outputs: Sequence[Any]) -> list[dict[str, Any]]:
        """``[{answer, score, start, end}, …]``, best first; start and end count words."""
        answers = [answer for output in outputs for answer in _answers(request, *output)]
        if request.may_be_missing:
            missing = min(float(start[0] * end[0]) for start, end, _ in outputs)
            answers.append({"answer": "", "score": missing, "start": 0, "end": 0})
        ranked = sorted(answers, key=lambda answer: answer["score"], reverse=True)
        return ranked[: request.top_k]

    def _windows(self, request: Any, pixels: dict[str, Any]) -> Iterator[TensorItem]:
        import torch

        encoding = self._encode(request)
        for window in range(len(encoding["input_ids"])):
            sides, words = encoding.sequence_ids(window), encoding.word_ids(window)
            about = [word if side == 1 else None for side, word in zip(sides, words, strict=True)]
            columns = {
                name: torch.tensor([rows[window]])
                for name, rows in encoding.items()
                if name in self._takes
            }
            if "bbox" not in columns:
                ids = encoding["input_ids"][window]
                boxes = [
                    self._box(request, token, word) for token, word in zip(ids, about, strict=True)
                ]
                columns["bbox"] = torch.tensor([boxes])
            columns.update(pixels)
            yield TensorItem(columns, len(about), about)

    def _encode(self, request: Any) -> Any:
        longest = min(request.numbers["max_seq_len"] or self._max_tokens, self._max_tokens)
        options = {
            "max_length": longest,
            "stride": min(request.numbers["doc_stride"] or min(longest // 2, 256), longest // 2),
            "truncation": "only_second",
            "return_overflowing_tokens": True,
            "return_token_type_ids": True,
            "padding": "do_not_pad",
        }
        words, boxes = list(request.words), [list(box) for box in request.boxes]
        question = " ".join(request.question.split()[: request.numbers["max_question_len"]])
        if self._places_words:
            return own(self._tokenizer)([question], [words], boxes=[boxes], **options)
        pair = (question.split(), words)
        return own(self._tokenizer)(*pair, is_split_into_words=True, **options)

    def _box(self, request: Any, token: int, word: int | None) -> Sequence[int]:
        if word is not None:
            return tuple(request.boxes[word])
        return _END if token == self._tokenizer.sep_token_id else _NOWHERE

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        output = self._model(**fit(batch, self._model))
        rows = zip(output.start_logits, output.end_logits, items, strict=True)
        return [
            (_shares(start, item.about), _shares(end, item.about), item.about)
            for start, end, item in rows
        ]


def _shares(logits: Any, words: Sequence[int | None]) -> Any:
    """Probabilities over the tokens of the page, and the first, which says that none is meant."""
    import torch

    logits = finite(logits.float().cpu())[: len(words)]
    outside = torch.tensor([word is None for word in words])
    outside[0] = False
    return logits.masked_fill(outside, _FAR_BELOW).softmax(-1)


def _answers(
    request: Any, start: Any, end: Any, words: Sequence[int | None]
) -> Iterator[dict[str, Any]]:
    """The best spans of one window that lie on the page."""
    start, end = start.clone(), end.clone()
    start[0] = end[0] = 0.0
    spans = (start[:, None] * end[None, :]).triu().tril(request.numbers["max_answer_len"] - 1)
    best = spans.flatten().topk(min(request.top_k, spans.numel()))
    for score, place in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        first, last = words[place // len(words)], words[place % len(words)]
        if first is not None and last is not None:
            answer = " ".join(request.words[first : last + 1])
            yield {"answer": answer, "score": score, "start": first, "end": last}
