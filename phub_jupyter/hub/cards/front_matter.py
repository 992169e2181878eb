"""A card is the README of a repository: YAML between two ``---`` lines, then Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.cards.json_values import json_value

__all__ = ["Card", "listed", "parse"]

_FRONT_MATTER = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:^|\n)---[ \t]*(?:\r?\n|\Z)", re.S | re.M
)
_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Card:
    """The metadata of a card, and the Markdown below it."""

    data: dict[str, Any]
    text: str


def parse(readme: str) -> Card:
    """Read a README. Raises InvalidRequestError that says where the YAML is wrong."""
    found = _FRONT_MATTER.match(readme)
    if found is None:
        return Card({}, readme)
    if len(found[1]) > _LIMIT:
        raise InvalidRequestError("README.md: the metadata is larger than 1 MB.")
    try:
        data = json_value(yaml.safe_load(found[1]))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"README.md: invalid YAML metadata: {_where(error)}") from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise InvalidRequestError("README.md: the metadata must be a mapping of keys to values.")
    return Card(data, readme[found.end() :])


def listed(value: Any) -> list[str]:
    """A card's value that may be one text or a list of them, as a list."""
    values = value if isinstance(value, list) else [value]
    return [item.strip() for item in values if isinstance(item, str) and item.strip()]


def _where(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem} (line {mark.line + 2}, column {mark.column + 1})."
    return f"{error}."
