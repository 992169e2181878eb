"""What all tasks share that run texts through a model once: its tokenizer, batches, precision."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from phub_jupyter.compute.inference import int8
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
        self._int8: dict[str, Any] = {}
        with blame_model():
            self.model = place(model, self.max_length, scores, **measures)
            folder = Path(tokenizer.name_or_path)
            on_cpu = self.model.device.type == "cpu"
            if measures.get("decides", True) and on_cpu and int8.is_wanted(folder):
                self._round(model, scores, int8.sentences_of(folder))

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        return {**describe(self.model, max_tokens=self.max_length), **self._int8}

    def _round(self, full: Any, scores: Callable[[Any], Any], texts: Sequence[str]) -> None:
        """Go on with 8-bit weights if they are faster here, and remember how well they agree."""
        import torch

        reduced = int8.quantized(full)

        def run(model: Any, batch: Sequence[str]) -> Any:
            tensors = fit(pad(self.tokenizer, self.items(self.encode(batch))), model)
            return scores(model(**tensors).logits.float())

        with torch.inference_mode():
            speedup = _seconds(run, self.model, texts) / _seconds(run, reduced, texts)
            found = int8.agreement(
                texts, partial(run, full), partial(run, reduced), decides=True, speedup=speedup
            )
        if speedup > 1:
            self.model = reduced
            self._int8 = {"precision": "int8"}
        self._int8["int8"] = {"used": speedup > 1, **found.as_json()}

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


def _seconds(run: Callable[[Any, Sequence[str]], Any], model: Any, texts: Sequence[str]) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        run(model, texts[:8])
        times.append(time.perf_counter() - started)
    return min(times)


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
