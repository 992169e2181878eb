"""The public lists of models, datasets and Spaces: what a client may filter them by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, false, func

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.catalog.full_text import FullText
from phub_jupyter.hub.catalog.rules import (
    Rule,
    column_is,
    has_tag,
    id_contains,
    links_to,
    of_author,
)
from phub_jupyter.hub.database.tables import CardLink, Repo
from phub_jupyter.tasks import TASKS

__all__ = ["Listing", "few", "rules_of"]

_RANGE = re.compile(r"(min|max):(\d{1,6}(?:\.\d{1,6})?)([KMBT]?)", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_OWN_PROVIDERS = frozenset({"all", "hf-inference"})
_MOST_CONDITIONS = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list; ``filters`` are tags and all must match.

    ``models`` and ``datasets`` pick the Spaces that use any of those, ``linked`` those that use
    any at all. ``gated`` is None for both kinds. ``after`` is the cursor of an earlier page.
    """

    search: Sequence[str] = ()
    author: str | None = None
    filters: Sequence[str] = ()
    pipeline_tag: str | None = None
    gated: bool | None = None
    num_parameters: str | None = None
    warm: bool = False
    providers: Sequence[str] = ()
    models: Sequence[str] = ()
    datasets: Sequence[str] = ()
    linked: bool = False
    sort: str = "trendingScore"
    limit: int = 1000
    after: str | None = None
    offset: int = 0
    with_files: bool = False


def rules_of(listing: Listing, full_text: FullText) -> Iterator[Rule]:
    """What a row must fulfil. Raises InvalidRequestError for a range that cannot be read."""
    yield from (id_contains(full_text, part) for part in few("search", listing.search))
    yield from (has_tag(tag) for tag in few("filter", listing.filters))
    if listing.author:
        yield of_author(listing.author)
    if listing.pipeline_tag:
        yield column_is(Repo.pipeline_tag, listing.pipeline_tag)
    if listing.gated is not None:
        yield Rule(Repo.gated.is_not(None) if listing.gated else Repo.gated.is_(None))
    if listing.num_parameters:
        yield from map(Rule, _parameter_range(listing.num_parameters))
    if listing.warm or listing.providers:
        yield Rule(_served_here(listing.providers))
    yield from _links(listing)


def few(field: str, texts: Sequence[str]) -> Sequence[str]:
    """The texts, if the database can take that many conditions. Raises InvalidRequestError."""
    if len(texts) > _MOST_CONDITIONS:
        raise InvalidRequestError(f"{field}: at most {_MOST_CONDITIONS} at a time.")
    return texts


def _links(listing: Listing) -> Iterator[Rule]:
    if listing.models:
        yield links_to("models", few("models", listing.models))
    if listing.datasets:
        yield links_to("datasets", few("datasets", listing.datasets))
    if listing.linked:
        yield Rule(exists().where(CardLink.repo_pk == Repo.pk))


def _parameter_range(text: str) -> Iterator[ColumnElement[bool]]:
    for part in text.split(","):
        found = _RANGE.fullmatch(part.strip())
        if found is None:
            raise InvalidRequestError(
                f"num_parameters: '{text}' is not a range; write for example min:6B,max:128B."
            )
        number = int(float(found[2]) * _UNITS[found[3].upper()])
        smallest = found[1].lower() == "min"
        yield Repo.parameter_count >= number if smallest else Repo.parameter_count <= number


def _served_here(providers: Sequence[str]) -> ColumnElement[bool]:
    if providers and not _OWN_PROVIDERS.intersection(providers):
        return false()
    tasks = [task.name for task in TASKS.values() if task.servable]
    return func.coalesce(Repo.pipeline_tag, "").in_(tasks)
