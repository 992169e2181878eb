"""Turns the patterns of the route table into the path templates of OpenAPI."""

from __future__ import annotations

import re
import re._constants as constants
import re._parser as parser
from itertools import product
from typing import Any

__all__ = ["templates"]


def templates(pattern: str) -> set[str]:
    """All templates that a pattern stands for: an optional part gives two, a choice one each.

    ``/(?:(?P<plural>datasets)/)?(?P<name>[^/]+)`` gives ``/{name}`` and ``/{plural}/{name}``.
    """
    tree = parser.parse(pattern)
    names = {number: name for name, number in re.compile(pattern).groupindex.items()}
    return set(_sequence(tree, names))


def _sequence(items: Any, names: dict[int, str]) -> list[str]:
    return ["".join(parts) for parts in product(*(_item(item, names) for item in items))]


def _item(item: Any, names: dict[int, str]) -> list[str]:
    kind, value = item
    if kind is constants.LITERAL:
        return [chr(value)]
    if kind is constants.SUBPATTERN:
        number, _, _, inner = value
        return [f"{{{names[number]}}}"] if number in names else _sequence(inner, names)
    if kind is constants.BRANCH:
        return [text for choice in value[1] for text in _sequence(choice, names)]
    if kind in (constants.MAX_REPEAT, constants.MIN_REPEAT):
        least, most, inner = value
        if (least, most) == (0, 1):
            return ["", *_sequence(inner, names)]
    raise ValueError(f"The pattern part {item} has no template; write it as a named group.")
