"""Answers questions about pages by models that read the picture and write the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from phub_jupyter.compute.inference.pipelines.generation_settings import generated
from phub_jupyter.compute.inference.pipelines.pictures import length_of, process
from phub_jupyter.compute.inference.pipelines.tensors import TensorItem, blame_model, run_alike
from phub_jupyter.compute.inference.pipelines.tokens import own
from phub_jupyter.compute.inference.pipelines.visual_question_answering import written_probability
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.compute.media.images import read_image

__all__ = ["DocumentReading"]

_PROMPT = "<s_docvqa><s_question>{}</s_question><s_answer>"
_ANSWER_TOKENS = 128
_TAGS = re.compile(r"<[^<>]*>")


class DocumentReading:
    """A loaded model."""

    def __init__(self, model: Any, processor: Any, tokenizer: Any) -> None:
        self._processor, self._tokenizer = processor, tokenizer
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model)

    def tokenise(self, request: Any) -> list[TensorItem]:
        """The page, and the question as the beginning of what the model writes."""
        pixels = process(self._processor, images=[read_image("image", request.data)])
        prompt = _PROMPT.format(_TAGS.sub(" ", request.question))
        with blame_model():
            tokens = own(self._tokenizer)(prompt, add_special_tokens=False, return_tensors="pt")
        columns = {"pixel_values": pixels["pixel_values"]}
        columns["decoder_input_ids"] = tokens["input_ids"]
        return [TensorItem(columns, length_of(pixels) + int(tokens["input_ids"].numel()))]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the answer to each question, and how probable it was."""
        return run_alike(items, self._forward)

    def shape(self, request: Any, outputs: Sequence[Any]) -> list[dict[str, Any]]:
        """``[{answer, score, start, end}]``; a written answer has no place, so both are 0."""
        answer, score = outputs[0]
        return [{"answer": answer, "score": score, "start": 0, "end": 0}]

    def _forward(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        output = generated(
            self._model,
            fit(batch, self._model),
            (("max_new_tokens", _ANSWER_TOKENS),),
            return_dict_in_generate=True,
            output_scores=True,
        )
        written = output.sequences[:, batch["decoder_input_ids"].shape[1] :]
        scores = written_probability(output, self._tokenizer.pad_token_id)
        texts = self._tokenizer.batch_decode(written, skip_special_tokens=False)
        return [(self._answer(text), score) for text, score in zip(texts, scores, strict=True)]

    def _answer(self, text: str) -> str:
        for token in (self._tokenizer.eos_token, self._tokenizer.pad_token):
            text = text.replace(token or "\0", "")
        return _TAGS.sub("", text.partition("</s_answer>")[0]).strip()
