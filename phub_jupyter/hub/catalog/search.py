"""Finds repositories: the public lists, and the side bar's search with facets.

Every query starts from `visible_to`, so nobody finds what they may not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    desc,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session, undefer

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.catalog.facets import FACETS, Facets, count, narrowed
from phub_jupyter.hub.catalog.listing import (
    Listing,
    card_names,
    conditions,
    few,
    has_tag,
    id_contains,
)
from phub_jupyter.hub.catalog.trending import TRENDING
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Like, Repo, RepoTag
from phub_jupyter.identifiers import RepoType

__all__ = ["SORTS", "CatalogSearch", "Query", "SearchPage"]

SORTS: dict[str, ColumnElement[Any]] = {
    "trending": TRENDING,
    "trendingScore": TRENDING,
    "updated": Repo.updated_at.expression,
    "lastModified": Repo.updated_at.expression,
    "created": Repo.created_at.expression,
    "createdAt": Repo.created_at.expression,
    "likes": Repo.likes.expression,
    "downloads": Repo.downloads.expression,
}


@dataclass(frozen=True, slots=True)
class Query:
    """What the side bar asks; within one facet any value matches, tags must all match."""

    text: str = ""
    facets: Facets = field(default_factory=dict)
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
    """Answers lists and searches from the index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self, actor: Actor, repo_type: RepoType, listing: Listing) -> list[Repo]:
        """One page of the repositories of a type, and one row more if there is a next page."""
        rules = [visible_to(actor), Repo.type == repo_type.value, *conditions(listing)]
        query = select(Repo).where(*rules).order_by(*_order(listing.sort))
        if listing.with_files:
            query = query.options(undefer(Repo.files))
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

    def spaces_of(self, actor: Actor, repo: Repo) -> list[str]:
        """The ids of the Spaces whose card names a model or dataset."""
        rules = [visible_to(actor), Repo.type == RepoType.SPACE.value]
        rules.append(card_names(RepoType(repo.type).plural, [f"{repo.namespace}/{repo.name}"]))
        query = select(Repo.namespace, Repo.name).where(*rules).order_by(Repo.key).limit(100)
        with self._database.read() as session:
            return [f"{namespace}/{name}" for namespace, name in session.execute(query)]

    def find(self, actor: Actor, query: Query) -> SearchPage:
        """The page that a person sees, with counts for what else they could choose."""
        common = [visible_to(actor), *(has_tag(tag) for tag in few("tag", query.tags))]
        if query.author:
            common.append(func.lower(Repo.namespace) == query.author.lower())
        words = query.text.strip()
        if words:
            common.append(or_(_matches(words), id_contains(words)))
        rules = [*common, *narrowed(query.facets)]
        order = _order(query.sort)
        if words and query.sort == "trending":  # a name is meant more often than a card's text
            order = [desc(id_contains(words)), *order]
        page = select(Repo).where(*rules).order_by(*order)
        with self._database.read() as session:
            repos = list(session.scalars(page.limit(query.limit).offset(query.offset)))
            pks = [repo.pk for repo in repos]
            return SearchPage(
                repos=repos,
                tags=_tags(session, pks),
                liked=_liked(session, actor, pks),
                total=session.scalar(select(func.count(Repo.pk)).where(*rules)) or 0,
                facets={
                    name: count(session, name, [*common, *narrowed(query.facets, name)])
                    for name in FACETS
                },
            )


def _order(sort: str) -> list[ColumnElement[Any]]:
    if sort not in SORTS:
        raise InvalidRequestError(f"sort: '{sort}' is not one of {', '.join(SORTS)}.")
    return [desc(SORTS[sort]), desc(Repo.pk)]


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
    terms = re.findall(r"[^\W_]+", words)
    if not terms:
        return false()
    match = " ".join(f'"{term}"*' for term in terms)
    found: Select[int] = select(literal_column("rowid", Integer)).select_from(table("repo_text"))
    return Repo.pk.in_(found.where(literal_column("repo_text").op("MATCH")(match)))
