"""Reads docs/access.md: how far everybody gets, and what every door of the hub asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tornado.web import RequestHandler

from phub_jupyter.hub.access import Action
from phub_server.handlers.not_built import NotBuiltHandler, UnknownHandler
from phub_server.routes import ROUTES

from ..docs.route_templates import templates

__all__ = ["PAGE", "VALUES", "Door", "callers", "ceilings", "doors", "served_doors"]

PAGE = Path(__file__).parents[2] / "docs/access.md"
VALUES = {
    "plural": "models",
    "revision": "main",
    "path": "README.md",
    "scope": "read",
    "oid": "a" * 64,
    "lock": "1",
    "branch": "new",
    "task": "text-classification",
    "write": "write",
    "number": "1",
    "comment": "0" * 24,
    "status": "pending",
    "kind": "users",
    "account": "acme",
    "user": "outsider",
    "group": "0" * 24,
    "token": "999999",
    "publisher": "0" * 24,
    "client": "00000000-0000-0000-0000-000000000000",
    "slug": "acme/x-" + "0" * 24,
    "item": "0" * 24,
    "webhook": "0" * 24,
    "delivery": "0" * 24,
    "switch": "enable",
    "attachment": "0" * 48 + ".png",
    "deployment": "0" * 16,
    "prefix": "default",
    "xorb": "0" * 64,
    "chunk": "0" * 64,
    "shard": "0" * 64,
    "file": "0" * 64,
    "version": "v1",
}
"""What stands in an address for each of its parts; the namespace and name are the repository's."""

_METHODS = ("get", "head", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one address, and the right that it asks for."""

    method: str
    template: str
    right: str = ""

    @property
    def action(self) -> Action | None:
        """What somebody must be able to do to the repository in the address."""
        return Action.__members__.get(self.right.partition(",")[0])

    @property
    def own(self) -> bool:
        """Whether it changes something of the person's own, whatever else it asks for."""
        return self.right.endswith("own")

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.template}"


def _rows(heading: str) -> list[list[str]]:
    text = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines]
    return [[cell.strip().strip("`") for cell in row] for row in cells]


def _action(word: str) -> Action | None:
    return None if word == "nothing" else Action[word]


def callers() -> dict[str, dict[str, Action | None]]:
    """By person: the most that they may do to a repository of each visibility."""
    kinds = ("public", "gated", "private", "protected")
    return {
        row[0]: dict(zip(kinds, map(_action, row[1:5]), strict=True))
        for row in _rows("How far people get")
    }


def ceilings() -> dict[str, dict[str, Action | None]]:
    """By kind of token: the most that it leaves of one's own rights, and of what is public."""
    return {
        row[0]: {"own": _action(row[1]), "public": _action(row[2]), "gated": _action(row[3])}
        for row in _rows("What a token leaves of it")
    }


def doors() -> list[Door]:
    """Every row of the table of doors."""
    return [
        Door(method.lower(), row[1], row[2])
        for row in _rows("What every door asks for")
        for method in row[0].split()
    ]


def served_doors() -> Iterator[Door]:
    """Every method of every address of the route table."""
    seen = set()
    for route in ROUTES:
        if route.handler in (NotBuiltHandler, UnknownHandler):
            continue
        for template in sorted(templates(route.pattern)):
            for method in _METHODS:
                implemented = getattr(route.handler, method)
                door = Door(method, template)
                if implemented is not RequestHandler._unimplemented_method and door not in seen:
                    seen.add(door)
                    yield door
