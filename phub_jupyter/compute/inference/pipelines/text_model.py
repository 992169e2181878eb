"""What all tasks share that run texts through a model once: its tokenizer, batches, precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from phub_jupyter.compute.inference.pipelines.tensors import blame_model
from phub_jupyter.compute.inference.pipelines.tokens import (
    TokenisedText,
    cut,
    longest_input,
    pad,
    tokenised,
)
from phub_jupyter.compute.inference.precision import describe, fit, place
from phub_jupyter.errors import NotSupportedError

__all__ = ["TextModel", "probabilities", "require_offsets"]


class TextModel:
    """A model with its tokenizer, placed on a device.

    ``scores`` and ``measures`` tell `precision.place` what of its output counts. ``longest`` cuts
    inputs shorter than the model asks for.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        scores: Callable[[Any], Any],
        *,
        longest: int | None = None,
        **measures: Any,
    ) -> None:
        if tokenizer.pad_token_id is None and tokenizer.eos_token_id is not None:
            tokenizer.pad_token = tokenizer.eos_token
            model.config.pad_token_id = tokenizer.pad_token_id
        self.tokenizer = tokenizer
        self.config = model.config
        self.max_length = longest_input(model, tokenizer)
        if longest is not None:
            self.max_length = min(longest, self.max_length)
        with blame_model():
            self.model = place(model, self.max_length, scores, **measures)

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return describe(self.model, max_tokens=self.max_length)

    def encode(self, texts: Sequence[Any], **options: Any) -> Any:
        """The tokenizer's answer for texts or pairs, no more than the model can see."""
        return cut(self.tokenizer, texts, self.max_length, **options)

    def room(self, pair: bool = False) -> int:
        """How many tokens of a text, or of a pair together, fit beside the special ones."""
        special: int = self.tokenizer.num_special_tokens_to_add(pair=pair)
        return self.max_length - special

    def items(self, encoding: Any, abouts: Sequence[Any] | None = None) -> list[TokenisedText]:
        """Units of work from the tokenizer's answer."""
        return tokenised(self.tokenizer, encoding, abouts)

    def forward(self, items: Sequence[TokenisedText]) -> Any:
        """Run one batch; the model's output, where the model is."""
        import torch

        with torch.inference_mode(), blame_model():
            return self.model(**fit(pad(self.tokenizer, items), self.model))


def probabilities(logits: Any) -> Any:
    """Shares that add up to one."""
    return logits.softmax(-1)


def require_offsets(tokenizer: Any) -> None:
    """Raise NotSupportedError unless the tokenizer knows where in the text its tokens are."""
    if not tokenizer.is_fast:
        raise NotSupportedError(
            "model: its tokenizer cannot tell where in the text a token is; upload tokenizer.json "
            "(save_pretrained of a fast tokenizer writes it)."
        )
