"""Runs models that turn texts into vectors; several tasks ask the same loaded model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from phub_jupyter.compute.inference.model_folder import check_folder, load_parts
from phub_jupyter.compute.inference.pipelines.pooling import Pooling
from phub_jupyter.compute.inference.pipelines.sentence_modules import SentenceModules, read_modules
from phub_jupyter.compute.inference.pipelines.tensors import finite
from phub_jupyter.compute.inference.pipelines.text_model import TextModel
from phub_jupyter.compute.inference.pipelines.tokens import TokenisedText
from phub_jupyter.errors import InvalidRequestError

__all__ = ["TextVectors", "VectorRequest", "VectorWishes", "load"]

_MAX_NUMBERS = 600_000  # more take the hub a second to pass on
_LEFT_OUT = ("pooler.",)  # weights of a head for another kind of training


@dataclass(frozen=True, slots=True)
class VectorWishes:
    """How texts are read. ``pooled`` asks for one vector a text even of a plain model."""

    texts: tuple[str, ...]
    pooled: bool = False
    prompt_name: str | None = None
    truncate: bool = True
    direction: str = "right"


class VectorRequest(Protocol):
    """What a task wants of the texts, and what it makes of their vectors."""

    @property
    def wishes(self) -> VectorWishes:
        """The texts, and how they are read."""
        ...

    def answer(self, vectors: Sequence[Any], tokens: int) -> Any:
        """The task's answer; a vector is a row of numbers, or rows of them, one a token.

        ``tokens`` is how many the model has read.
        """
        ...


@dataclass(frozen=True, slots=True)
class _About:
    pooling: Pooling | None
    skipped: int


class TextVectors:
    """A loaded encoder."""

    def __init__(self, model: Any, tokenizer: Any, modules: SentenceModules) -> None:
        self._modules = modules
        self._pooling = modules.pooling or Pooling()
        self._text_model = TextModel(
            model,
            tokenizer,
            self._pooled_alike,
            output=_hidden,
            decides=False,
            distance=_distance,
            longest=modules.longest,
        )

    def describe(self) -> dict[str, Any]:
        """How the model runs here."""
        pooling = self._modules.pooling
        return {
            **self._text_model.describe(),
            "pooling": None if pooling is None else "+".join(pooling.modes),
            "prompts": sorted(self._modules.prompts),
        }

    def tokenise(self, request: VectorRequest) -> list[TokenisedText]:
        """Cut every text, behind its prompt, into the model's tokens."""
        wishes = request.wishes
        pooling = self._pooling if wishes.pooled or self._modules.pooling else None
        prompt = self._prompt(wishes.prompt_name)
        texts = [prompt + text for text in wishes.texts]
        if self._modules.lower:
            texts = [text.lower() for text in texts]
        encoding = self._encode(texts, wishes)
        self._check_size(encoding["input_ids"], pooling)
        skipped = 0
        if prompt and pooling is not None and not pooling.include_prompt:
            skipped = self._prompt_tokens(prompt)
        return self._text_model.items(encoding, [_About(pooling, skipped)] * len(texts))

    def _prompt(self, name: str | None) -> str:
        prompts = self._modules.prompts
        if name is None:
            return prompts.get(self._modules.default_prompt or "", "")
        if name not in prompts:
            known = ", ".join(sorted(prompts)) or "none"
            raise InvalidRequestError(f"prompt_name: the model names no '{name}'; it has {known}.")
        return prompts[name]

    def _prompt_tokens(self, prompt: str) -> int:
        ids = self._text_model.encode([prompt])["input_ids"][0]
        ends = (self._text_model.tokenizer.sep_token_id, self._text_model.tokenizer.eos_token_id)
        return len(ids) - (1 if ids and ids[-1] in ends else 0)

    def _encode(self, texts: Sequence[str], wishes: VectorWishes) -> Any:
        tokenizer, longest = self._text_model.tokenizer, self._text_model.max_length
        if not wishes.truncate:
            encoding = self._text_model.encode(texts, truncation=False, max_length=None)
            for index, ids in enumerate(encoding["input_ids"]):
                if len(ids) > longest:
                    raise InvalidRequestError(
                        f"inputs: text {index + 1} has {len(ids)} tokens, and the model sees "
                        f"{longest}; shorten it, or leave truncate out."
                    )
            return encoding
        own, tokenizer.truncation_side = tokenizer.truncation_side, wishes.direction
        try:
            return self._text_model.encode(texts)
        finally:
            tokenizer.truncation_side = own

    def _check_size(self, rows: Sequence[Sequence[int]], pooling: Pooling | None) -> None:
        vectors = len(rows) if pooling is not None else sum(map(len, rows))
        numbers = vectors * int(self._text_model.model.get_input_embeddings().embedding_dim)
        if numbers > _MAX_NUMBERS:
            raise InvalidRequestError(
                f"inputs: the answer would have about {numbers:,} numbers, more than "
                f"{_MAX_NUMBERS:,}; send fewer texts at a time."
            )

    def run(self, items: Sequence[TokenisedText]) -> list[Any]:
        """Run one batch; for each text (its vector or those of its tokens, how many tokens)."""
        lengths = [item.length for item in items]
        return list(zip(self._vectors(items), lengths, strict=True))

    def _vectors(self, items: Sequence[TokenisedText]) -> list[Any]:
        import torch

        with torch.inference_mode():
            hidden = _hidden(self._text_model.forward(items)).float()
            finite(hidden)
            mask = self._mask(items, hidden.shape[1]).to(hidden.device)
            if all(item.about.pooling is not None for item in items):
                return list(self._pool(hidden, self._without_prompts(mask, items)).numpy())
            counted = self._without_prompts(mask, items)
            return [
                hidden[index][mask[index]].cpu().numpy()
                if item.about.pooling is None
                else self._pool(hidden[[index]], counted[[index]])[0].numpy()
                for index, item in enumerate(items)
            ]

    def _mask(self, items: Sequence[TokenisedText], width: int) -> Any:
        import torch

        lengths = torch.tensor([item.length for item in items])[:, None]
        places = torch.arange(width)[None, :]
        if self._text_model.tokenizer.padding_side == "left":
            return places >= width - lengths
        return places < lengths

    def _without_prompts(self, mask: Any, items: Sequence[TokenisedText]) -> Any:
        import torch

        if not any(item.about.skipped for item in items):
            return mask
        skipped = torch.tensor([item.about.skipped for item in items], device=mask.device)
        return mask & (mask.cumsum(1) > skipped[:, None])

    def _pool(self, hidden: Any, mask: Any) -> Any:
        rows = self._pooling(hidden, mask).cpu()
        for layer in self._modules.layers:
            rows = layer(rows)
        return rows

    def _pooled_alike(self, hidden: Any) -> Any:
        import torch

        return self._pool(hidden, torch.ones(hidden.shape[:2], device=hidden.device))

    def shape(self, request: VectorRequest, outputs: Sequence[Any]) -> Any:
        """The answer of the task that asked."""
        vectors, tokens = zip(*outputs, strict=True)
        return request.answer(vectors, sum(tokens))


def _hidden(output: Any) -> Any:
    return output.last_hidden_state


def _distance(before: Any, after: Any) -> float:
    """How far apart the directions of vectors are at most."""
    import torch

    unit = torch.nn.functional.normalize
    return float((unit(before, dim=-1) - unit(after, dim=-1)).norm(dim=-1).max())


def load(folder: Path) -> TextVectors:
    """Load the encoder in ``folder``. Raises InvalidRequestError, NotSupportedError."""
    modules = read_modules(folder)
    check_folder(modules.folder)
    config = json.loads((modules.folder / "config.json").read_text("utf-8"))
    # Of models with two halves only the one that reads is wanted.
    halves = config.get("is_encoder_decoder") is True
    auto_class = "AutoModelForTextEncoding" if halves else "AutoModel"
    model, tokenizer = load_parts(modules.folder, auto_class, left_out=_LEFT_OUT)
    return TextVectors(model, tokenizer, modules)
