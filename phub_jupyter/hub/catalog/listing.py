"""The public lists of models, datasets and Spaces: what a client may filter them by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, false, func, or_, select

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.database.tables import Repo, RepoTag
from phub_jupyter.tasks import TASKS

__all__ = ["Listing", "card_names", "conditions", "few", "has_tag", "id_contains"]

_RANGE = re.compile(r"(min|max):(\d{1,6}(?:\.\d{1,6})?)([KMBT]?)", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_OWN_PROVIDERS = frozenset({"all", "hf-inference"})
_MOST_CONDITIONS = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list; ``filters`` are tags and all must match.

    ``models`` and ``datasets`` pick the Spaces that use any of those, ``linked`` those that use
    any at all.
    """

    search: Sequence[str] = ()
    author: str | None = None
    filters: Sequence[str] = ()
    pipeline_tag: str | None = None
    gated: bool = False
    num_parameters: str | None = None
    warm: bool = False
    providers: Sequence[str] = ()
    models: Sequence[str] = ()
    datasets: Sequence[str] = ()
    linked: bool = False
    sort: str = "trendingScore"
    limit: int = 1000
    offset: int = 0
    with_files: bool = False


def conditions(listing: Listing) -> Iterator[ColumnElement[bool]]:
    """What a row must fulfil. Raises InvalidRequestError for a range that cannot be read."""
    yield from (id_contains(word) for word in few("search", listing.search))
    yield from (has_tag(tag) for tag in few("filter", listing.filters))
    if listing.author:
        yield func.lower(Repo.namespace) == listing.author.lower()
    if listing.pipeline_tag:
        yield Repo.pipeline_tag == listing.pipeline_tag
    if listing.gated:  # no repository of this hub is
        yield false()
    if listing.num_parameters:
        yield from _parameter_range(listing.num_parameters)
    if listing.warm or listing.providers:
        yield _served_here(listing.providers)
    if listing.models:
        yield card_names("models", listing.models)
    if listing.datasets:
        yield card_names("datasets", listing.datasets)
    if listing.linked:
        yield or_(card_names("models"), card_names("datasets"))


def few(field: str, texts: Sequence[str]) -> Sequence[str]:
    """The texts, if the database can take that many conditions. Raises InvalidRequestError."""
    if len(texts) > _MOST_CONDITIONS:
        raise InvalidRequestError(f"{field}: at most {_MOST_CONDITIONS} at a time.")
    return texts


def id_contains(text: str) -> ColumnElement[bool]:
    """Repositories whose ``namespace/name`` has the text somewhere, in any case."""
    pattern = "%" + re.sub(r"([%_\\])", r"\\\1", text) + "%"
    return (Repo.namespace + "/" + Repo.name).ilike(pattern, escape="\\")


def has_tag(tag: str) -> ColumnElement[bool]:
    """Repositories with exactly that tag."""
    return Repo.pk.in_(select(RepoTag.repo_pk).where(RepoTag.tag == tag))


def card_names(key: str, ids: Sequence[str] | None = None) -> ColumnElement[bool]:
    """Repositories whose card lists any of ``ids`` (or anything at all) under ``key``."""
    items = func.json_each(Repo.card_data, f"$.{key}").table_valued("value")
    query = select(1).select_from(items).correlate(Repo)
    if ids is not None:
        query = query.where(func.lower(items.c.value).in_([repo_id.lower() for repo_id in ids]))
    return exists(query)


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
    return Repo.pipeline_tag.in_([task.name for task in TASKS.values() if task.servable])
