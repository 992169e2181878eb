"""Reads YAML that strangers wrote: plain values only, in time and space that its size bounds."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml import CSafeLoader

from phub_jupyter.json_values import json_value

__all__ = ["LARGEST", "front_matter_of", "read_yaml"]

LARGEST = 256 * 1024
"""Characters of one document; whoever sends one need not even be logged in."""

_FRONT_MATTER = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:^|\n)---[ \t]*(?:\r?\n|\Z)", re.S | re.M
)
_DEEPEST = 64
_LONGEST_NUMBER = 4300  # characters: as many digits as Python itself would read
_STARTS = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


def read_yaml(text: str, first_line: int = 1) -> Any:
    """The values of a document, as JSON could hold them.

    Raises ValueError with a sentence that says what is wrong and where; ``first_line`` is the
    number of the document's first line in the file that it stands in.
    """
    if len(text) > LARGEST:
        raise ValueError(f"it has {len(text)} characters; at most {LARGEST} are read.")
    try:
        _check_shape(text)
        return json_value(yaml.load(text, _Loader))  # noqa: S506 - it is a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(_where(error, first_line)) from None


def front_matter_of(readme: str) -> tuple[str, str]:
    """The YAML between two ``---`` lines at the start of a README, and the Markdown below."""
    found = _FRONT_MATTER.match(readme)
    return ("", readme) if found is None else (found[1], readme[found.end() :])


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


def _where(error: Exception, first_line: int) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem} (line {mark.line + first_line}, column {mark.column + 1})."
    return f"{error}."
