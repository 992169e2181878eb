"""A row or two through a model and back, before training: how many fit into memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.memory_limit import MemoryWatch, OverLimitError, held

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["check_batch", "longest_row"]

_ADAM = 2  # numbers that the optimizer keeps for each weight that learns


def longest_row(examples: Any) -> Any:
    """The row that takes the most memory: of texts the one with most tokens."""
    ids = getattr(examples, "token_ids", None)
    return examples[0 if ids is None else max(range(len(ids)), key=lambda at: len(ids[at]))]


def check_batch(
    model: PreTrainedModel, row: dict[str, Any], number: int, watch: MemoryWatch, engine: Engine
) -> None:
    """Raise OverLimitError if a batch of so many rows like this would pass the limit of ``watch``.

    ``row`` is a batch of one. It says how many rows would fit.
    """
    if watch.limit is None or engine.device != "cpu":
        return  # of a GPU torch knows by itself when it is full
    model.train()
    _grown(model, row, watch, engine)  # weights come from the disk only when they are used
    before = held()
    one = _grown(model, row, watch, engine)
    two = _grown(model, _twice(row), watch, engine)
    # Part of what one row takes is for all together, such as gradients and short copies of weights.
    each = max(0, two - one)
    learnt = sum(4 * weight.numel() for weight in model.parameters() if weight.requires_grad)
    always = before + max(0, one - each) + learnt * _ADAM
    if always + number * each > watch.limit:
        rows = max(0, watch.limit - always) // max(1, each)
        raise OverLimitError(always + number * each, watch.limit, rows)


def _grown(
    model: PreTrainedModel, batch: dict[str, Any], watch: MemoryWatch, engine: Engine
) -> int:
    """How much more was held at most while a batch went through the model and back."""
    watch.reset()
    before = held()
    with engine.autocast():
        loss = model(**batch).loss
    loss.backward()
    watch.look()
    model.zero_grad(set_to_none=True)
    return max(0, watch.peak - before)


def _twice(row: dict[str, Any]) -> dict[str, Any]:
    import torch

    return {name: torch.cat([value, value]) for name, value in row.items()}
