"""Finds repositories: the public lists, and the side bar's search with facets.

Every query starts from `visible_to`, so nobody finds what they may not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import desc, func, not_, select
from sqlalchemy.orm import Session, undefer

from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.catalog.facets import Counts, Facets, count, rules_of_facets
from phub_jupyter.hub.catalog.full_text import FullText
from phub_jupyter.hub.catalog.listing import Listing, few, rules_of
from phub_jupyter.hub.catalog.ordering import Order
from phub_jupyter.hub.catalog.rules import (
    Rule,
    any_rule,
    holds,
    id_contains,
    links_to,
    narrowed,
    of_author,
)
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Like, Repo, RepoTag
from phub_jupyter.identifiers import RepoType

__all__ = ["CatalogSearch", "Query", "SearchPage"]

_LONGEST_TEXT = 200  # of an id: a longer text is only looked for as words


@dataclass(frozen=True, slots=True)
class Query:
    """What the side bar asks; within one facet any value matches, tags must all match."""

    text: str = ""
    facets: Facets = field(default_factory=dict)
    author: str | None = None
    sort: str = "trending"
    limit: int = 50
    offset: int = 0
    counts: bool = True


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The rows of a page, their tags, which of them the actor likes, and counts by facet.

    ``total`` is None and ``facets`` are empty for a query without ``counts``.
    """

    repos: list[Repo]
    tags: dict[int, list[str]]
    liked: set[int]
    total: int | None
    facets: Counts


class CatalogSearch:
    """Answers lists and searches from the index."""

    def __init__(self, database: Database, full_text: FullText) -> None:
        self._database = database
        self._full_text = full_text

    def listing(self, actor: Actor, repo_type: RepoType, listing: Listing) -> list[Repo]:
        """One page of the repositories of a type, and one row more if there is a next page."""
        order = Order.parse(listing.sort, listing.after)
        rules = [*_seen(actor, [repo_type]), *rules_of(listing, self._full_text)]
        with self._database.read() as session:
            query = (
                select(Repo)
                .where(*narrowed(session, rules).conditions, *order.rest())
                .order_by(*order.by)
            )
            if listing.with_files:
                query = query.options(undefer(Repo.files))
            return list(session.scalars(query.limit(listing.limit + 1).offset(listing.offset)))

    def tags(self, repo_pks: Iterable[int]) -> dict[int, list[str]]:
        """The tags of many repositories, by one query."""
        with self._database.read() as session:
            return _tags(session, list(repo_pks))

    def all_tags(self, actor: Actor, repo_type: RepoType) -> tuple[list[str], set[str]]:
        """Every tag in use on repositories of a type that the actor may see, and the libraries."""
        query = (
            select(RepoTag.tag)
            .join(Repo, Repo.pk == RepoTag.repo_pk)
            .where(visible_to(actor), Repo.type == repo_type.value)
            .distinct()
            .order_by(RepoTag.tag)
        )
        libraries = select(Repo.library_name).where(visible_to(actor)).distinct()
        with self._database.read() as session:
            known = {name for name in session.scalars(libraries) if name is not None}
            return list(session.scalars(query)), known

    def spaces_of(self, actor: Actor, repo: Repo) -> list[str]:
        """The ids of the Spaces whose card names a model or dataset."""
        link = links_to(RepoType(repo.type).plural, [f"{repo.namespace}/{repo.name}"])
        rules = [*_seen(actor, [RepoType.SPACE]), link]
        with self._database.read() as session:
            query = select(Repo.namespace, Repo.name).where(*narrowed(session, rules).conditions)
            rows = session.execute(query.order_by(Repo.key).limit(100))
            return [f"{namespace}/{name}" for namespace, name in rows]

    def find(self, actor: Actor, query: Query) -> SearchPage:
        """The page that a person sees, with counts for what else they could choose."""
        for facet, values in query.facets.items():
            few(facet, values)
        common = list(_seen(actor))
        if query.author:
            common.append(of_author(query.author))
        with self._database.read() as session:
            chosen = [*common, *rules_of_facets(query.facets)]
            repos = self._page(session, chosen, query)
            pks = [repo.pk for repo in repos]
            page = SearchPage(repos, _tags(session, pks), _liked(session, actor, pks), None, {})
            if not query.counts:
                return page
            common += self._text_rules(query)
            total, facets = count(session, common, query.facets)
            return replace(page, total=total, facets=facets)

    def _text_rules(self, query: Query) -> list[Rule]:
        typed = query.text.strip()
        if not typed:
            return []
        words = holds(self._full_text, typed)
        if len(typed) > _LONGEST_TEXT:
            return [words]
        return [any_rule([words, id_contains(self._full_text, typed)])]

    def _page(self, session: Session, rules: list[Rule], query: Query) -> list[Repo]:
        typed = query.text.strip()
        order = Order.parse(query.sort)
        by_name = typed and query.sort == "trending" and len(typed) <= _LONGEST_TEXT
        if not by_name:
            return _rows(session, [*self._text_rules(query), *rules], order, query)
        # A name is meant more often than a card's text: all of those come first.
        name = id_contains(self._full_text, typed)
        found = narrowed(session, [*self._text_rules(query), *rules])
        if found.few:
            page = select(Repo).where(*found.conditions).order_by(desc(name.check), *order.by)
            return list(session.scalars(page.limit(query.limit).offset(query.offset)))
        repos = _rows(session, [name, *rules], order, query)
        if len(repos) < query.limit:
            before = len(repos) if query.offset == 0 else _count(session, [name, *rules])
            rest = [holds(self._full_text, typed), Rule(not_(name.check)), *rules]
            left, offset = query.limit - len(repos), max(0, query.offset - before)
            repos += _rows(session, rest, order, replace(query, limit=left, offset=offset))
        return repos


def _seen(actor: Actor, types: Sequence[RepoType] | None = None) -> Iterator[Rule]:
    yield Rule(visible_to(actor))
    if types is None:
        yield Rule(Repo.type != RepoType.BUCKET.value)  # files without a card are not searched
    else:
        yield Rule(Repo.type.in_([repo_type.value for repo_type in types]))


def _rows(session: Session, rules: Sequence[Rule], order: Order, query: Query) -> list[Repo]:
    rows = select(Repo).where(*narrowed(session, rules).conditions).order_by(*order.by)
    return list(session.scalars(rows.limit(query.limit).offset(query.offset)))


def _count(session: Session, rules: Sequence[Rule]) -> int:
    conditions = narrowed(session, rules).conditions
    return session.scalar(select(func.count(Repo.pk)).where(*conditions)) or 0


def _tags(session: Session, pks: list[int]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {pk: [] for pk in pks}
    rows = select(RepoTag.repo_pk, RepoTag.tag).where(RepoTag.repo_pk.in_(pks))
    for pk, tag in session.execute(rows.order_by(RepoTag.repo_pk, RepoTag.place)):
        tags[pk].append(tag)
    return tags


def _liked(session: Session, actor: Actor, pks: list[int]) -> set[int]:
    if actor.pk is None:
        return set()
    query = select(Like.repo_pk).where(Like.user_pk == actor.pk, Like.repo_pk.in_(pks))
    return set(session.scalars(query))
