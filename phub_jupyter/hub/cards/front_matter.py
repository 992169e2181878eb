"""A card is the README of a repository: YAML between two ``---`` lines, then Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import CSafeLoader

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.cards.json_values import json_value

__all__ = ["Card", "listed", "parse"]

_FRONT_MATTER = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:^|\n)---[ \t]*(?:\r?\n|\Z)", re.S | re.M
)
_LARGEST = 256 * 1024  # characters; whoever sends a card need not even be logged in
_DEEPEST = 64
_LONGEST_NUMBER = 4300  # characters: as many digits as Python itself would read
_STARTS = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


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
    if len(found[1]) > _LARGEST:
        raise InvalidRequestError(
            f"README.md: the metadata has {len(found[1])} characters; at most {_LARGEST} are read."
        )
    try:
        _check_shape(found[1])
        data = json_value(yaml.load(found[1], _Loader))  # noqa: S506 - it is a safe loader
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


class _Loader(CSafeLoader):
    """Reads plain values only, in C where there is a C library."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave merge keys alone: a few lines of them can stand for billions of values."""


def _check_shape(text: str) -> None:
    """Raise ValueError for what would take the loader too deep, or too long for its size."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, _STARTS):
            depth += 1
            if depth > _DEEPEST:
                raise ValueError(f"more than {_DEEPEST} levels")
        elif isinstance(event, _ENDS):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and _is_endless_number(event):
            raise ValueError("a number with too many digits; put a text in quotes")


def _is_endless_number(event: yaml.ScalarEvent) -> bool:
    quoted = not event.implicit[0] and event.tag is None
    return len(event.value) > _LONGEST_NUMBER and not quoted and " " not in event.value


def _where(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem} (line {mark.line + 2}, column {mark.column + 1})."
    return f"{error}."
