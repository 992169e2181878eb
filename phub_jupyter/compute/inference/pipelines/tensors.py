"""Items that are tensors already, and what can be wrong with a model that runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from phub_jupyter.errors import HubError, InvalidRequestError

__all__ = ["TensorItem", "blame_model", "finite", "run_alike"]


@dataclass(frozen=True, slots=True, eq=False)
class TensorItem:
    """One example: the model's tensors with a first dimension of one, and about how long it is.

    ``about`` is what making the answer needs to know of the input, such as a picture's size. Only
    items with equal ``settings`` share a batch.
    """

    columns: dict[str, Any]
    length: int
    about: Any = None
    settings: Hashable = None


def run_alike(
    items: Sequence[TensorItem],
    forward: Callable[[dict[str, Any], Sequence[TensorItem]], Sequence[Any]],
) -> list[Any]:
    """Call ``forward`` with the batch of equally shaped items, and those; outputs in their order.

    It runs without gradients, and its failure is the model's.
    """
    import torch

    alike: dict[Any, list[int]] = {}
    for index, item in enumerate(items):
        shape = tuple((name, tuple(value.shape)) for name, value in item.columns.items())
        alike.setdefault((shape, item.settings), []).append(index)
    outputs: list[Any] = [None] * len(items)
    with torch.inference_mode(), blame_model():
        for indices in alike.values():
            group = [items[index] for index in indices]
            batch = {
                name: torch.cat([item.columns[name] for item in group]) for name in group[0].columns
            }
            for index, output in zip(indices, forward(batch, group), strict=True):
                outputs[index] = output
    return outputs


@contextmanager
def blame_model() -> Iterator[None]:
    """Say in a sentence that model and processor do not fit, which only shows when they run."""
    import torch

    try:
        yield
    except (HubError, MemoryError, torch.OutOfMemoryError):
        raise
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as e:
        lines = str(e).strip().splitlines() or [type(e).__name__]
        raise InvalidRequestError(
            f"model: it cannot work on what its processor makes of this input: {lines[0]:.300}"
        ) from e


def finite(values: Any) -> Any:
    """The same tensor or array. Raises InvalidRequestError if something in it is no number."""
    import numpy as np
    import torch

    check: Any = torch.isfinite if isinstance(values, torch.Tensor) else np.isfinite
    if not bool(check(values).all()):
        raise InvalidRequestError("model: it answers with something that is not a number.")
    return values
