"""Counts the parameters of a model from the headers of its safetensors files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["count_parameters", "weight_files"]

_WEIGHTS = re.compile(r"(?:pytorch_)?model(?:-\d+-of-\d+)?\.safetensors")
_ADAPTER = "adapter_model.safetensors"
_LARGEST_HEADER = 25_000_000
_LENGTH = 8
_DTYPE = re.compile(r"[A-Z0-9_]{1,16}")


def weight_files(paths: Iterable[str]) -> list[str]:
    """The files that together hold a model's weights; other copies would count twice."""
    found = list(paths)
    return [path for path in found if _WEIGHTS.fullmatch(path)] or [
        path for path in found if path == _ADAPTER
    ]


def count_parameters(read: Callable[[int, int], bytes]) -> dict[str, int]:
    """Parameters by data type; ``read(start, stop)`` gives bytes of the file.

    Empty if the header is not one: the file came from a stranger.
    """
    length = int.from_bytes(read(0, _LENGTH), "little")
    if not 2 <= length <= _LARGEST_HEADER:
        return {}
    try:
        header = json.loads(read(_LENGTH, _LENGTH + length))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(header, dict):
        return {}
    counts: dict[str, int] = {}
    for name, tensor in header.items():
        if name != "__metadata__" and _is_tensor(tensor):
            dtype = tensor["dtype"]
            counts[dtype] = counts.get(dtype, 0) + math.prod(tensor["shape"])
    return counts


def _is_tensor(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("shape"), list):
        return False
    dtype, shape = value.get("dtype"), value["shape"]
    sizes = all(type(size) is int and 0 <= size < 2**48 for size in shape)
    return isinstance(dtype, str) and bool(_DTYPE.fullmatch(dtype)) and sizes and len(shape) <= 16
