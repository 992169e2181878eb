"""What a list is narrowed by, in two forms: a check of a row, and the rows that an index knows.

A list is either a walk along a sorted index that checks every row, or a look at the few rows that
one index names. Which is quick depends on how many there are, so `narrowed` counts first; both
give the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.catalog.full_text import FullText
from phub_jupyter.hub.database.tables import CardLink, Namespace, Repo, RepoTag

__all__ = [
    "Narrowed",
    "Rule",
    "any_rule",
    "column_is",
    "has_tag",
    "holds",
    "id_contains",
    "links_to",
    "narrowed",
    "of_author",
]

_FEW = 4000
"""Rows that are looked at and sorted faster than a walk finds a page of them."""

_VERY_FEW = 200
"""Rows of which it does not pay to look for a still narrower rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``check`` is about a row of ``Repo``; ``source`` names the keys of all rows that pass it."""

    check: ColumnElement[bool]
    source: Select[int] | None = None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The conditions of all rules; ``few`` rows are looked at if one rule leaves only so many."""

    conditions: list[ColumnElement[bool]]
    few: bool


def narrowed(session: Session, rules: Sequence[Rule]) -> Narrowed:
    """The rules as conditions, the narrowest one as the place to look if it is narrow."""
    best, size = None, _FEW + 1
    for rule in rules:
        if rule.source is not None:
            capped = rule.source.limit(size).subquery()
            number = session.scalar(select(func.count()).select_from(capped)) or 0
            if number < size:
                best, size = rule, number
            if size <= _VERY_FEW:
                break
    if best is None or best.source is None:
        return Narrowed([rule.check for rule in rules], False)
    checks = [rule.check for rule in rules if rule is not best]
    return Narrowed([*checks, Repo.pk.in_(best.source)], True)


def any_rule(rules: Sequence[Rule]) -> Rule:
    """At least one of the rules, of which there is one or more."""
    if len(rules) == 1:
        return rules[0]
    sources = [rule.source for rule in rules if rule.source is not None]
    check = or_(*(rule.check for rule in rules))
    if len(sources) < len(rules):
        return Rule(check)
    together = union_all(*sources).subquery()
    return Rule(check, select(together.c[0]))


def column_is(column: InstrumentedAttribute[str | None], value: str) -> Rule:
    """Rows with exactly that value."""
    # Spelled so that a database without statistics does not take an index with half of all rows.
    other = aliased(Repo)
    source = select(other.pk).where(getattr(other, column.key) == value)
    return Rule(func.coalesce(column, "") == value, source)


def has_tag(tag: str) -> Rule:
    """Repositories with exactly that tag."""
    other = aliased(RepoTag)  # the query itself may be over tags
    check = exists().where(other.repo_pk == Repo.pk, other.tag == tag)
    return Rule(check, select(other.repo_pk).where(other.tag == tag))


def of_author(name: str) -> Rule:
    """Repositories of a person or organization, in any spelling of its case."""
    owner = select(Namespace.pk).where(Namespace.key == name.lower()).scalar_subquery()
    other = aliased(Repo)
    return Rule(Repo.namespace_pk == owner, select(other.pk).where(other.namespace_pk == owner))


def links_to(kind: str, ids: Sequence[str]) -> Rule:
    """Repositories whose card names any of ``ids``; ``kind`` is models or datasets."""
    wanted = CardLink.target.in_([f"{kind}/{repo_id.lower()}"[:255] for repo_id in ids])
    found = (CardLink.repo_pk == Repo.pk) & wanted
    return Rule(exists().where(found), select(CardLink.repo_pk).where(wanted).distinct())


def id_contains(full_text: FullText, part: str) -> Rule:
    """Repositories whose ``namespace/name`` has the text somewhere, in any case."""
    if len(part) > 200:  # longer than any id; databases limit what they compare with
        raise InvalidRequestError("search: type at most 200 letters.")
    pattern = re.sub(r"([%_\\])", r"\\\1", part.lower())
    check = Repo.key.like(f"%/%{pattern}%", escape="\\")
    return Rule(check, full_text.naming(part))


def holds(full_text: FullText, typed: str) -> Rule:
    """Repositories whose name, card or tags hold words that start like all those typed."""
    found = full_text.holding(typed)
    # Spelled so that the database walks the sorted index and does not start from these.
    return Rule((Repo.pk + 0).in_(found), found)
