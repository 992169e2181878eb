"""Right texts as datasets give them: one, several, or none."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError

__all__ = ["alternatives"]


def alternatives(value: Any) -> list[str]:
    """All texts that would be right for a row. Raises InvalidRequestError."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not all(isinstance(text, str) for text in found):
        raise InvalidRequestError("references: give a text or a list of texts a row.")
    return list(found)
