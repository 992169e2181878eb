"""Texts as the model reads them: tokenized once, batched by length, and run without gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.recipes.recipe import Work

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["Encoded", "encode", "run_batches"]

_EVAL_BATCH = 64


class Encoded:
    """A tokenized split in the shape that the Trainer takes: a sequence of rows."""

    def __init__(self, token_ids: list[list[int]], labels: Sequence[Any] | None = None) -> None:
        self.token_ids = token_ids
        self.labels = labels

    def __len__(self) -> int:
        return len(self.token_ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row: dict[str, Any] = {"input_ids": self.token_ids[index]}
        if self.labels is not None:
            row["labels"] = self.labels[index]
        return row


def encode(
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    labels: Sequence[Any] | None,
    max_length: int,
) -> Encoded:
    """Tokenize texts, cutting them at ``max_length`` tokens."""
    encoded = tokenizer(list(texts), truncation=True, max_length=max_length)
    return Encoded(encoded["input_ids"], labels)


def run_batches(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Encoded,
    pick: Callable[[Any, torch.Tensor], torch.Tensor],
    work: Work,
) -> NDArray[np.float32]:
    """Call the model on all rows and return what ``pick(output, mask)`` takes, in row order."""
    import numpy as np
    import torch

    model.train(False).to(work.engine.device)
    results: list[NDArray[np.float32]] = []
    order: list[int] = []
    for indices in _by_length(rows):
        work.check()
        batch = tokenizer.pad(
            {"input_ids": [rows.token_ids[i] for i in indices]}, return_tensors="pt"
        )
        batch = batch.to(work.engine.device)
        with torch.inference_mode(), work.engine.autocast():
            picked = pick(model(**batch), batch["attention_mask"])
        results.append(picked.float().cpu().numpy())
        order.extend(indices)
    stacked = np.concatenate(results)
    unsorted = np.empty_like(stacked)
    unsorted[order] = stacked
    return unsorted


def _by_length(rows: Encoded) -> Iterator[list[int]]:
    order = sorted(range(len(rows)), key=lambda index: len(rows.token_ids[index]))
    for start in range(0, len(order), _EVAL_BATCH):
        yield order[start : start + _EVAL_BATCH]
