"""Which families of candidates fit into the memory that a run may hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from phub_jupyter.compute.training.families import FAMILIES
from phub_jupyter.compute.training.memory_limit import held, in_words
from phub_jupyter.compute.training.space import FamilySpace
from phub_jupyter.errors import InvalidRequestError

__all__ = ["affordable", "parameter_count"]

_WEIGHT = 4  # bytes; training computes with 32-bit weights
_LEARNT = 12  # bytes more for a weight that learns: its gradient and two of Adam's


def affordable(
    spaces: Sequence[FamilySpace], model_folder: Path, limit: int | None
) -> tuple[list[FamilySpace], list[str]]:
    """The families that can fit, and a sentence for each that cannot.

    What rows need on the way through a model is not in this: that depends on how many are taken at
    a time, which is found out by trying. Raises InvalidRequestError when nothing is left to train.
    """
    weights = parameter_count(model_folder) if limit is not None else 0
    if limit is None or not weights:
        return list(spaces), []
    base = _before()
    kept, sentences = [], []
    for space in spaces:
        needed = base + weights * _bytes_a_weight(space.family)
        if needed <= limit:
            kept.append(space)
        else:
            label = FAMILIES[space.family].label
            sentences.append(
                f"{label} is left out: it needs about {in_words(needed)} of memory where "
                f"{in_words(limit)} are allowed."
            )
    if not any(FAMILIES[space.family].publishable for space in kept):
        raise InvalidRequestError(
            f"max-memory: {in_words(limit)} do not suffice to train this model, which begins with "
            f"about {in_words(base + weights * _WEIGHT)}; allow more, or start from a smaller one."
        )
    return kept, sentences


def parameter_count(folder: Path) -> int:
    """How many weights a folder's safetensors hold, read from their headers."""
    from safetensors import safe_open

    count = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="np") as file:
            count += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return count


def _bytes_a_weight(family: str) -> int:
    if not FAMILIES[family].stepwise:
        return 0
    return _WEIGHT if family == "lora" else _WEIGHT + _LEARNT


def _before() -> int:
    """What is held before a model is loaded, with the libraries that training needs.

    Memory of a GPU is empty then.
    """
    import peft  # noqa: F401
    import torch
    from transformers import Trainer  # noqa: F401

    return 0 if torch.cuda.is_available() else held()
