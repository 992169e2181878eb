"""Texts as the numbers that a model of texts sees, and batches of them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from phub_jupyter.errors import InvalidRequestError

__all__ = ["TokenisedText", "cut", "longest_input", "own", "pad", "tokenised", "use_copies"]


@dataclass(frozen=True, slots=True)
class TokenisedText:
    """One text as the tokenizer's columns of numbers (``input_ids``, ``token_type_ids``, …).

    ``about`` is what making the answer needs to know of the text, such as where its tokens are.
    """

    columns: dict[str, list[int]]
    about: Any = None

    @property
    def length(self) -> int:
        """Tokens, after cutting to the model's longest input."""
        return len(self.columns["input_ids"])


class _Thread(threading.local):
    """What a thread knows of itself: its copies of tokenizers, if it shall have some."""

    copies: WeakKeyDictionary[Any, Any] | None = None


_THREAD = _Thread()


def use_copies() -> None:
    """Have `own` give the thread that says this its own copies."""
    _THREAD.copies = WeakKeyDictionary()


def own(tokenizer: Any) -> Any:
    """The tokenizer that this thread may call.

    A tokenizer remembers how it was told to cut, so that two threads with one would cut wrongly.
    """
    copies = _THREAD.copies
    if copies is None:
        return tokenizer
    if tokenizer not in copies:
        copies[tokenizer] = copy.deepcopy(tokenizer)
    return copies[tokenizer]


def cut(tokenizer: Any, texts: Sequence[Any], longest: int, **options: Any) -> Any:
    """Call a tokenizer for unpadded tokens, at most ``longest`` a text.

    ``texts`` are texts or pairs of them; ``options`` are the tokenizer's own.
    """
    return own(tokenizer)(
        list(texts),
        **{"truncation": True, "max_length": longest, **options},
        padding=False,
        return_attention_mask=False,
    )


def tokenised(
    tokenizer: Any, encoding: Any, abouts: Sequence[Any] | None = None
) -> list[TokenisedText]:
    """What came out of `cut` as items, with ``abouts`` beside them."""
    names = [name for name in tokenizer.model_input_names if name in encoding]
    items = [
        TokenisedText(
            {name: encoding[name][index] for name in names},
            None if abouts is None else abouts[index],
        )
        for index in range(len(encoding["input_ids"]))
    ]
    if not all(item.length for item in items):
        raise InvalidRequestError("inputs: the model's tokenizer finds nothing in a text.")
    return items


def pad(tokenizer: Any, items: Sequence[TokenisedText]) -> dict[str, Any]:
    """One batch of tensors, filled up to the longest text, with its attention mask."""
    import torch

    longest = max(item.length for item in items)
    left = tokenizer.padding_side == "left"
    fill = {
        "input_ids": tokenizer.pad_token_id or 0,
        "token_type_ids": tokenizer.pad_token_type_id,
    }
    batch = {}
    for name in items[0].columns:
        rows = [item.columns[name] for item in items]
        batch[name] = torch.tensor([_fill(row, longest, fill.get(name, 0), left) for row in rows])
    mask = [_fill([1] * item.length, longest, 0, left) for item in items]
    return {**batch, "attention_mask": torch.tensor(mask)}


def _fill(row: list[int], length: int, value: int, left: bool) -> list[int]:
    filling = [value] * (length - len(row))
    return filling + row if left else row + filling


def longest_input(model: Any, tokenizer: Any) -> int:
    """The longest input, for tokenizers that do not know it and models that reserve positions."""
    positions = int(getattr(model.config, "max_position_embeddings", None) or 512)
    for name, module in model.named_modules():
        if (
            name.endswith("position_embeddings")
            and getattr(module, "padding_idx", None) is not None
        ):
            positions -= int(module.padding_idx) + 1  # as RoBERTa counts from behind the padding
    return int(min(tokenizer.model_max_length, positions))
