"""A card is the README of a repository: YAML between two ``---`` lines, then Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.plain_yaml import front_matter_of, read_yaml

__all__ = ["Card", "listed", "parse"]


@dataclass(frozen=True, slots=True)
class Card:
    """The metadata of a card, and the Markdown below it."""

    data: dict[str, Any]
    text: str


def parse(readme: str) -> Card:
    """Read a README. Raises InvalidRequestError that says where the YAML is wrong."""
    front, text = front_matter_of(readme)
    try:
        data = read_yaml(front, first_line=2)
    except ValueError as error:
        raise InvalidRequestError(f"README.md: invalid YAML metadata: {error}") from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise InvalidRequestError("README.md: the metadata must be a mapping of keys to values.")
    return Card(data, text)


def listed(value: Any) -> list[str]:
    """A card's value that may be one text or a list of them, as a list."""
    values = value if isinstance(value, list) else [value]
    return [item.strip() for item in values if isinstance(item, str) and item.strip()]
