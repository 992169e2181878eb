"""Makes values that JSON can hold out of what strangers wrote as YAML or JSON."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

__all__ = ["json_value"]

_MOST_VALUES = 100_000
_DEEPEST = 64
_LARGEST = 2**63


def json_value(value: Any) -> Any:
    """The value without dates, sets, keys that are not text, NaN and halves of characters.

    Values are counted, because a few lines of YAML can refer to each other so that they stand for
    billions of values, or for an endless one. Raises ValueError when there are too many.
    """
    return _Copy().of(value, 0)


class _Copy:
    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ValueError(f"more than {_MOST_VALUES} values or {_DEEPEST} levels")
        if isinstance(value, dict):
            return {_text(str(key)): self.of(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple, set)):
            return [self.of(item, depth + 1) for item in value]
        return _leaf(value)


def _leaf(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return _text(str(value))


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
