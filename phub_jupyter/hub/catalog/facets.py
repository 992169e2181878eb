"""The five ways to narrow a search, and how many results each choice would leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.catalog.listing import has_tag
from phub_jupyter.hub.database.tables import Repo, RepoTag

__all__ = ["FACETS", "Facets", "count", "narrowed"]

FACETS = ("type", "task", "library", "license", "language")

Facets = Mapping[str, Sequence[str]]
"""The chosen values by facet; within one facet any of them matches."""

_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "type": Repo.type,
    "task": Repo.pipeline_tag,
    "library": Repo.library_name,
    "license": Repo.license,
}
_TAGS = {"language": "language:", "task": "task_categories:"}


def narrowed(chosen: Facets, leave_out: str | None = None) -> list[ColumnElement[bool]]:
    """The conditions of all facets with a choice, but for one. Raises InvalidRequestError."""
    return [
        _any_of(name, values) for name, values in chosen.items() if values and name != leave_out
    ]


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
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _any_of(name: str, values: Sequence[str]) -> ColumnElement[bool]:
    if name not in FACETS:
        raise InvalidRequestError(f"{name}: not a facet; use one of {', '.join(FACETS)}.")
    column, prefix = _COLUMNS.get(name), _TAGS.get(name)
    rules = [] if prefix is None else [has_tag(f"{prefix}{value}") for value in values]
    if column is not None:
        rules.append(column.in_(values))
    return or_(*rules)


def _tag_counts(prefix: str, conditions: Sequence[ColumnElement[bool]]) -> Select[str, int]:
    return (
        select(RepoTag.tag, func.count(Repo.pk))
        .join(Repo, Repo.pk == RepoTag.repo_pk)
        .where(and_(*conditions), RepoTag.tag.startswith(prefix, autoescape=True))
        .group_by(RepoTag.tag)
    )
