"""Text classification: a text in, labels with scores out.

The scores, their order and the meaning of the parameters are those of the public Inference API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference.model_folder import load_parts
from phub_jupyter.compute.inference.pipelines.call import choice, read_call, texts, whole_number
from phub_jupyter.compute.inference.precision import place
from phub_jupyter.errors import InvalidRequestError

__all__ = ["TextClassification", "TextClassificationRequest", "TokenisedText", "load", "parse"]

_FUNCTIONS = ("sigmoid", "softmax", "none")


@dataclass(frozen=True, slots=True)
class TextClassificationRequest:
    """Checked texts and parameters; None stands for the model's own default."""

    texts: tuple[str, ...]
    function_to_apply: str | None = None
    top_k: int | None = None


@dataclass(frozen=True, slots=True)
class TokenisedText:
    """One text as the tokenizer's columns of numbers (``input_ids``, ``token_type_ids``, …)."""

    columns: dict[str, list[int]]

    @property
    def length(self) -> int:
        """Tokens, after cutting to the model's longest input."""
        return len(self.columns["input_ids"])


def parse(body: Mapping[str, Any]) -> TextClassificationRequest:
    """Check a call. Raises InvalidRequestError naming the field and the remedy."""
    call = read_call(body, parameters=("function_to_apply", "top_k"))
    function = call.parameters.get("function_to_apply")
    top_k = call.parameters.get("top_k")
    return TextClassificationRequest(
        texts("inputs", call.inputs),
        None if function is None else choice("parameters.function_to_apply", function, _FUNCTIONS),
        None if top_k is None else whole_number("parameters.top_k", top_k),
    )


class TextClassification:
    """A loaded classifier."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        if tokenizer.pad_token_id is None and tokenizer.eos_token_id is not None:
            tokenizer.pad_token = tokenizer.eos_token
            model.config.pad_token_id = tokenizer.pad_token_id
        config = model.config
        self._labels = [str(config.id2label[index]) for index in range(config.num_labels)]
        self._default_function = _default_function(config)
        self.max_length = _max_length(model, tokenizer)
        self._model = place(
            model, self.max_length, lambda logits: _scores(logits, self._default_function)
        )

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return {
            "device": str(self._model.device),
            "precision": str(self._model.dtype).removeprefix("torch."),
            "max_tokens": self.max_length,
            "labels": self._labels,
        }

    def tokenise(self, request: TextClassificationRequest) -> list[TokenisedText]:
        """Cut every text into the model's tokens, no more than the model can see."""
        encoded = self._tokenizer(
            list(request.texts),
            truncation=True,
            max_length=self.max_length,
            padding=False,
            return_attention_mask=False,
        )
        items = [
            TokenisedText({name: rows[index] for name, rows in encoded.items()})
            for index in range(len(request.texts))
        ]
        if not all(item.length for item in items):
            raise InvalidRequestError("inputs: the model's tokenizer finds nothing in a text.")
        return items

    def run(self, items: Sequence[TokenisedText]) -> list[Any]:
        """Run one batch; the raw output of the model for each text, as a row of floats."""
        import torch

        with torch.inference_mode():
            batch = {name: value.to(self._model.device) for name, value in self._pad(items).items()}
            return list(self._model(**batch).logits.float().cpu())

    def shape(
        self, request: TextClassificationRequest, outputs: Sequence[Any]
    ) -> list[list[dict[str, Any]]]:
        """``[[{label, score}, …], …]``: one list a text, best label first."""
        import torch

        function = request.function_to_apply or self._default_function
        scores = _scores(torch.stack(list(outputs)), function)
        if not bool(torch.isfinite(scores).all()):
            raise InvalidRequestError("model: it answers with something that is not a number.")
        return [self._ranked(row)[: request.top_k] for row in scores.tolist()]

    def _ranked(self, row: list[float]) -> list[dict[str, Any]]:
        answer = [
            {"label": label, "score": score} for label, score in zip(self._labels, row, strict=True)
        ]
        return sorted(answer, key=lambda entry: entry["score"], reverse=True)

    def _pad(self, items: Sequence[TokenisedText]) -> dict[str, Any]:
        import torch

        longest = max(item.length for item in items)
        left = self._tokenizer.padding_side == "left"
        fill = {
            "input_ids": self._tokenizer.pad_token_id or 0,
            "token_type_ids": self._tokenizer.pad_token_type_id,
        }
        batch = {}
        for name in items[0].columns:
            rows = [item.columns[name] for item in items]
            batch[name] = torch.tensor(
                [_fill(row, longest, fill.get(name, 0), left) for row in rows]
            )
        mask = [_fill([1] * item.length, longest, 0, left) for item in items]
        return {**batch, "attention_mask": torch.tensor(mask)}


def load(folder: Path) -> TextClassification:
    """Load the classifier in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    return TextClassification(*load_parts(folder, "AutoModelForSequenceClassification"))


def _fill(row: list[int], length: int, value: int, left: bool) -> list[int]:
    filling = [value] * (length - len(row))
    return filling + row if left else row + filling


def _default_function(config: Any) -> str:
    if config.problem_type == "regression":
        return "none"
    if config.problem_type == "multi_label_classification" or config.num_labels == 1:
        return "sigmoid"
    return "softmax"


def _scores(logits: Any, function: str) -> Any:
    if function == "softmax":
        return logits.softmax(-1)
    return logits.sigmoid() if function == "sigmoid" else logits


def _max_length(model: Any, tokenizer: Any) -> int:
    """The longest input, for tokenizers that do not know it and models that reserve positions."""
    positions = int(getattr(model.config, "max_position_embeddings", None) or 512)
    for name, module in model.named_modules():
        if (
            name.endswith("position_embeddings")
            and getattr(module, "padding_idx", None) is not None
        ):
            positions -= int(module.padding_idx) + 1  # as RoBERTa counts from behind the padding
    return int(min(tokenizer.model_max_length, positions))
