"""Visual question answering: a picture and a question in, answers with scores out.

Some models choose among the answers that they were trained on, others write one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import read_call
from phub_jupyter.compute.inference.pipelines.generation_settings import generated
from phub_jupyter.compute.inference.pipelines.label_scores import read_top_k
from phub_jupyter.compute.inference.pipelines.picture_questions import TOP_LEVEL, read_question
from phub_jupyter.compute.inference.pipelines.pictures import length_of, process
from phub_jupyter.compute.inference.pipelines.tensors import (
    TensorItem,
    blame_model,
    finite,
    run_alike,
)
from phub_jupyter.compute.inference.pipelines.tokens import own
from phub_jupyter.compute.inference.precision import describe, fit, on_device
from phub_jupyter.compute.media.images import read_image

__all__ = ["VisualQuestion", "VisualQuestionAnswering", "load", "parse", "written_probability"]

_ANSWER_TOKENS = 20


@dataclass(frozen=True, slots=True)
class VisualQuestion:
    """A file that should be a picture, and what is asked about it."""

    data: bytes
    question: str
    top_k: int


def parse(body: Mapping[str, Any]) -> VisualQuestion:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("top_k",), top_level=TOP_LEVEL, needs_inputs=False)
    return VisualQuestion(*read_question(call), read_top_k(call))


class VisualQuestionAnswering:
    """A loaded model, in full precision: an answer is a decision."""

    def __init__(self, model: Any, processor: Any, tokenizer: Any) -> None:
        self._processor, self._tokenizer = processor, tokenizer
        self._writes = bool(model.can_generate()) or hasattr(model, "text_decoder")
        config = getattr(model.config, "text_config", model.config)
        positions = int(getattr(config, "max_position_embeddings", 512))
        self._max_tokens = min(tokenizer.model_max_length, positions)
        self._model = on_device(model)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self._model, max_tokens=self._max_tokens)

    def tokenise(self, request: VisualQuestion) -> list[TensorItem]:
        """The picture and the question as the model's tensors."""
        pixels = process(self._processor, images=[read_image("image", request.data)])
        with blame_model():
            tokens = own(self._tokenizer)(
                [request.question],
                truncation=True,
                max_length=self._max_tokens,
                return_tensors="pt",
            )
        wanted = {name: tokens[name] for name in tokens if name in self._takes()}
        length = length_of(pixels) + int(tokens["input_ids"].numel())
        return [TensorItem({**pixels, **wanted}, length, request)]

    def run(self, items: Sequence[TensorItem]) -> list[Any]:
        """Run one batch; the answers to each question."""
        return run_alike(items, self._write if self._writes else self._choose)

    def shape(self, request: VisualQuestion, outputs: Sequence[Any]) -> Any:
        """``[{answer, score}, …]``, best answer first; a model that writes gives one."""
        return outputs[0]

    def _takes(self) -> set[str]:
        names = {"input_ids", "attention_mask"}
        return names if self._writes else {*names, "token_type_ids"}

    def _choose(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        logits = self._model(**fit(batch, self._model)).logits.float().cpu()
        labels = self._model.config.id2label
        answers = []
        for row, item in zip(finite(logits.sigmoid()), items, strict=True):
            best = row.topk(min(item.about.top_k, len(row)))
            answers.append(
                [
                    {"answer": str(labels[number]), "score": score}
                    for number, score in zip(
                        best.indices.tolist(), best.values.tolist(), strict=True
                    )
                ]
            )
        return answers

    def _write(self, batch: dict[str, Any], items: Sequence[TensorItem]) -> list[Any]:
        output = generated(
            self._model,
            fit(batch, self._model),
            (("max_new_tokens", _ANSWER_TOKENS),),
            return_dict_in_generate=True,
            output_scores=True,
        )
        texts = self._tokenizer.batch_decode(output.sequences, skip_special_tokens=True)
        scores = written_probability(output, self._tokenizer.pad_token_id)
        return [
            [{"answer": str(text).strip(), "score": score}]
            for text, score in zip(texts, scores, strict=True)
        ]


def written_probability(output: Any, filling: int | None) -> list[float]:
    """How probable each written text was: the product over its tokens, without filling."""
    import torch

    steps = torch.stack([step.float().log_softmax(-1) for step in output.scores], dim=1)
    tokens = output.sequences[:, -steps.shape[1] :]
    chosen = steps.gather(-1, tokens.unsqueeze(-1)).squeeze(-1)
    if filling is not None:
        chosen = chosen.masked_fill(tokens == filling, 0.0)
    return [float(value) for value in finite(chosen.sum(-1).exp().cpu())]


def load(folder: Path) -> VisualQuestionAnswering:
    """Load the model in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return VisualQuestionAnswering(
        *load_parts(
            folder, "AutoModelForVisualQuestionAnswering", "AutoImageProcessor", "AutoTokenizer"
        )
    )
