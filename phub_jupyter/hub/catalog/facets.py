"""The ways to narrow a search, and how many results each choice would leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.catalog.rules import Rule, any_rule, column_is, has_tag
from phub_jupyter.hub.database.tables import Repo, RepoTag

__all__ = ["FACETS", "Facets", "count", "rules_of_facets"]

FACETS = ("type", "task", "library", "license", "language", "tag", "size")

Facets = Mapping[str, Sequence[str]]
"""The chosen values by facet; within one facet any of them matches, but all of several tags."""

_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "type": Repo.type,
    "task": Repo.pipeline_tag,
    "library": Repo.library_name,
    "license": Repo.license,
}
_TAGS = {"language": "language:", "task": "task_categories:", "size": "size_categories:", "tag": ""}
_MOST_VALUES = 50
"""Values of a facet that are counted out loud; there may be as many tags as repositories."""


def rules_of_facets(chosen: Facets, leave_out: str | None = None) -> Iterator[Rule]:
    """The rules of all facets with a choice, but for one. Raises InvalidRequestError."""
    for name, values in chosen.items():
        if name not in FACETS:
            raise InvalidRequestError(f"{name}: not a facet; use one of {', '.join(FACETS)}.")
        if not values or name == leave_out:
            continue
        choices = [_choice(name, value) for value in values]
        if name == "tag":
            yield from choices
        else:
            yield any_rule(choices)


def count(
    session: Session, name: str, conditions: Sequence[ColumnElement[bool]]
) -> list[tuple[str, int]]:
    """How many repositories there are of each value, most first."""
    counts: dict[str, int] = {}
    column = _COLUMNS.get(name)
    if column is not None:
        rows = select(column, func.count(Repo.pk)).where(*conditions, column.is_not(None))
        counts.update({row[0]: row[1] for row in session.execute(rows.group_by(column))})
    prefix = _TAGS.get(name)
    if prefix is not None:
        for tag, number in session.execute(_tag_counts(prefix, conditions)):
            value = tag.removeprefix(prefix)
            counts[value] = counts.get(value, 0) + number
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_VALUES]


def _choice(name: str, value: str) -> Rule:
    if name == "type":
        return Rule(Repo.type == value)
    rules = [has_tag(f"{_TAGS[name]}{value}")] if name in _TAGS else []
    if name in _COLUMNS:
        rules.append(column_is(_COLUMNS[name], value))
    return any_rule(rules)


def _tag_counts(prefix: str, conditions: Sequence[ColumnElement[bool]]) -> Select[str, int]:
    wanted = RepoTag.tag.startswith(prefix, autoescape=True) if prefix else _is_free()
    number = func.count(Repo.pk)
    return (
        select(RepoTag.tag, number)
        .join(Repo, Repo.pk == RepoTag.repo_pk)
        .where(and_(*conditions), wanted)
        .group_by(RepoTag.tag)
        .order_by(number.desc(), RepoTag.tag)
        .limit(_MOST_VALUES)
    )


def _is_free() -> ColumnElement[bool]:
    """Tags that no other facet counts."""
    return not_(
        or_(
            RepoTag.tag.contains(":"),
            RepoTag.tag == func.coalesce(Repo.library_name, ""),
            RepoTag.tag == func.coalesce(Repo.pipeline_tag, ""),
        )
    )
