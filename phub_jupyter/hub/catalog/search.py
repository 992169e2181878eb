"""Finds repositories: the public listings, and the side bar's search with facets.

Every query starts from `visible_to`, so nobody finds what they may not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    desc,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Like, Repo, RepoTag
from phub_jupyter.identifiers import RepoType

__all__ = ["FACETS", "SORTS", "CatalogSearch", "Listing", "Query", "SearchPage"]

FACETS = ("type", "task", "library", "license", "language")
_HALF_LIFE_DAYS = 14.0

_TRENDING = (Repo.likes * 5 + Repo.downloads + 1) / (
    1 + (func.julianday("now") - func.julianday(Repo.updated_at)) / _HALF_LIFE_DAYS
)
SORTS: dict[str, ColumnElement[Any]] = {
    "trending": _TRENDING,
    "trendingScore": _TRENDING,
    "updated": Repo.updated_at.expression,
    "lastModified": Repo.updated_at.expression,
    "created": Repo.created_at.expression,
    "createdAt": Repo.created_at.expression,
    "likes": Repo.likes.expression,
    "downloads": Repo.downloads.expression,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of ``/api/models`` and its siblings; ``filters`` are tags and all must match."""

    search: Sequence[str] = ()
    author: str | None = None
    filters: Sequence[str] = ()
    pipeline_tag: str | None = None
    sort: str = "trendingScore"
    limit: int = 1000
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """What the side bar asks; within one facet any value matches, tags must all match."""

    text: str = ""
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tags: Sequence[str] = ()
    author: str | None = None
    sort: str = "trending"
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The rows of a page, their tags, which of them the actor likes, and counts by facet."""

    repos: list[Repo]
    tags: dict[int, list[str]]
    liked: set[int]
    total: int
    facets: dict[str, list[tuple[str, int]]]


class CatalogSearch:
    """Answers listings and searches from the index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self, actor: Actor, repo_type: RepoType, listing: Listing) -> list[Repo]:
        """One page of the repositories of a type, and one row more if there is a next page."""
        conditions = [visible_to(actor), Repo.type == repo_type.value]
        for word in listing.search:
            pattern = "%" + re.sub(r"([%_\\])", r"\\\1", word) + "%"
            conditions.append((Repo.namespace + "/" + Repo.name).ilike(pattern, escape="\\"))
        if listing.author:
            conditions.append(func.lower(Repo.namespace) == listing.author.lower())
        if listing.pipeline_tag:
            conditions.append(Repo.pipeline_tag == listing.pipeline_tag)
        conditions += [_has_tag(tag) for tag in listing.filters]
        query = select(Repo).where(*conditions).order_by(_order(listing.sort), Repo.pk)
        with self._database.read() as session:
            return list(session.scalars(query.limit(listing.limit + 1).offset(listing.offset)))

    def tags(self, repo_pks: Iterable[int]) -> dict[int, list[str]]:
        """The tags of many repositories, by one query."""
        with self._database.read() as session:
            return _tags(session, list(repo_pks))

    def all_tags(self, actor: Actor, repo_type: RepoType) -> list[str]:
        """Every tag in use on repositories of a type that the actor may see."""
        query = (
            select(RepoTag.tag)
            .join(Repo, Repo.pk == RepoTag.repo_pk)
            .where(visible_to(actor), Repo.type == repo_type.value)
            .distinct()
            .order_by(RepoTag.tag)
        )
        with self._database.read() as session:
            return list(session.scalars(query))

    def find(self, actor: Actor, query: Query) -> SearchPage:
        """The page that a person sees, with counts for what else they could choose."""
        common = [visible_to(actor), *(_has_tag(tag) for tag in query.tags)]
        if query.author:
            common.append(func.lower(Repo.namespace) == query.author.lower())
        if query.text.strip():
            common.append(_matches(query.text))
        chosen = {name: _facet(name, values) for name, values in query.facets.items() if values}
        conditions = [*common, *chosen.values()]
        page = select(Repo).where(*conditions).order_by(_order(query.sort), Repo.pk)
        with self._database.read() as session:
            repos = list(session.scalars(page.limit(query.limit).offset(query.offset)))
            pks = [repo.pk for repo in repos]
            return SearchPage(
                repos=repos,
                tags=_tags(session, pks),
                liked=_liked(session, actor, pks),
                total=session.scalar(select(func.count(Repo.pk)).where(*conditions)) or 0,
                facets={
                    name: _count(
                        session,
                        name,
                        [*common, *(rule for other, rule in chosen.items() if other != name)],
                    )
                    for name in FACETS
                },
            )


def _order(sort: str) -> ColumnElement[Any]:
    if sort not in SORTS:
        raise InvalidRequestError(f"sort: '{sort}' is not one of {', '.join(SORTS)}.")
    return desc(SORTS[sort])


def _has_tag(tag: str) -> ColumnElement[bool]:
    rows = select(RepoTag.repo_pk).where(RepoTag.tag == tag)
    return Repo.pk.in_(rows)


_COLUMNS = {
    "type": Repo.type,
    "task": Repo.pipeline_tag,
    "library": Repo.library_name,
    "license": Repo.license,
}
_TASK_CATEGORY = "task_categories:"
_LANGUAGE = "language:"


def _facet(name: str, values: Sequence[str]) -> ColumnElement[bool]:
    if name == "language":
        return or_(*(_has_tag(f"{_LANGUAGE}{value}") for value in values))
    if name == "task":
        by_tag = [_has_tag(f"{_TASK_CATEGORY}{value}") for value in values]
        return or_(Repo.pipeline_tag.in_(values), *by_tag)
    if name not in _COLUMNS:
        raise InvalidRequestError(f"{name}: not a facet; use one of {', '.join(FACETS)}.")
    return _COLUMNS[name].in_(values)


def _count(
    session: Session, name: str, conditions: Sequence[ColumnElement[bool]]
) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    if name != "language":
        column = _COLUMNS[name]
        rows = select(column, func.count(Repo.pk)).where(*conditions, column.is_not(None))
        counts.update((value, number) for value, number in session.execute(rows.group_by(column)))
    prefix = {"language": _LANGUAGE, "task": _TASK_CATEGORY}.get(name)
    if prefix is not None:
        for tag, number in session.execute(_tag_counts(prefix, conditions)):
            value = tag.removeprefix(prefix)
            counts[value] = counts.get(value, 0) + number
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _tag_counts(prefix: str, conditions: Sequence[ColumnElement[bool]]) -> Select[tuple[str, int]]:
    return (
        select(RepoTag.tag, func.count(Repo.pk))
        .join(Repo, Repo.pk == RepoTag.repo_pk)
        .where(and_(*conditions), RepoTag.tag.startswith(prefix, autoescape=True))
        .group_by(RepoTag.tag)
    )


def _tags(session: Session, pks: list[int]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {pk: [] for pk in pks}
    rows = select(RepoTag.repo_pk, RepoTag.tag).where(RepoTag.repo_pk.in_(pks))
    for pk, tag in session.execute(rows.order_by(text("repo_tags.rowid"))):
        tags[pk].append(tag)
    return tags


def _liked(session: Session, actor: Actor, pks: list[int]) -> set[int]:
    if actor.pk is None:
        return set()
    query = select(Like.repo_pk).where(Like.user_pk == actor.pk, Like.repo_pk.in_(pks))
    return set(session.scalars(query))


def _matches(words: str) -> ColumnElement[bool]:
    """Repositories whose id, card or tags hold words that start like all those typed."""
    terms = re.findall(r"[\w-]+", words)
    if not terms:
        return false()
    match = " ".join(f'"{term}"*' for term in terms)
    found = select(literal_column("rowid")).select_from(table("repo_text"))
    return Repo.pk.in_(found.where(literal_column("repo_text").op("MATCH")(match)))
