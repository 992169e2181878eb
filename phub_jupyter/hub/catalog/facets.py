"""The ways to narrow a search, and how many results each choice would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.catalog.rules import Rule, any_rule, column_is, has_tag
from phub_jupyter.hub.database.tables import Repo, RepoTag

__all__ = ["FACETS", "Counts", "Facets", "count", "rules_of_facets"]

FACETS = ("type", "task", "library", "license", "language", "tag", "size")

Facets = Mapping[str, Sequence[str]]
"""The chosen values by facet; within one facet any of them matches, but all of several tags."""

Counts = dict[str, list[tuple[str, int]]]
"""By facet its values with the number of repositories of each, most first."""

_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "type": Repo.type,
    "task": Repo.pipeline_tag,
    "library": Repo.library_name,
    "license": Repo.license,
}
_TAGS = {"language": "language:", "task": "task_categories:", "size": "size_categories:"}
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


def count(session: Session, common: Sequence[Rule], chosen: Facets) -> tuple[int, Counts]:
    """How many repositories there are, and how many of each value of each facet."""
    everything = _Tally(session, [*common, *rules_of_facets(chosen)])
    counts: Counts = {}
    for name in FACETS:
        tally = everything
        if chosen.get(name) and name != "tag":
            # It counts the other facets' choices but not its own: it offers what else is there.
            tally = _Tally(session, [*common, *rules_of_facets(chosen, name)])
        found = tally.of(name)
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        counts[name] = ordered[:_MOST_VALUES]
    return everything.total, counts


class _Tally:
    """Counts of one set of repositories: one query over the rows and one over their tags."""

    def __init__(self, session: Session, rules: Sequence[Rule]) -> None:
        # Every row is looked at anyway, so each rule is answered by its index as a whole.
        where = [_known(rule) for rule in rules]
        columns = list(_COLUMNS.values())
        rows = select(*columns, func.count(Repo.pk)).where(*where).group_by(*columns)
        self._columns: dict[str, Counter[str]] = {name: Counter() for name in _COLUMNS}
        self.total = 0
        for *values, number in session.execute(rows):
            self.total += number
            for name, value in zip(_COLUMNS, values, strict=True):
                if value is not None:
                    self._columns[name][value] += number
        self._tags = _tags(session, where) if self.total else {}

    def of(self, name: str) -> Counter[str]:
        """The counts of one facet."""
        if name == "tag":
            others = self._columns["task"].keys() | self._columns["library"].keys()
            free = {tag: n for tag, n in self._tags.items() if ":" not in tag}
            return Counter({tag: number for tag, number in free.items() if tag not in others})
        found = Counter(self._columns.get(name, {}))
        prefix = _TAGS.get(name)
        if prefix is not None:
            for tag, number in self._tags.items():
                if tag.startswith(prefix):
                    found[tag.removeprefix(prefix)] += number
        return found


def _choice(name: str, value: str) -> Rule:
    if name == "type":
        return Rule(Repo.type == value)
    rules = [has_tag(f"{_TAGS.get(name, '')}{value}")] if name in _TAGS or name == "tag" else []
    if name in _COLUMNS:
        rules.append(column_is(_COLUMNS[name], value))
    return any_rule(rules)


def _known(rule: Rule) -> ColumnElement[bool]:
    return rule.check if rule.source is None else Repo.pk.in_(rule.source)


def _tags(session: Session, where: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    # Grouped by something that no index is sorted by: the rows are found by their repository.
    tag = func.coalesce(RepoTag.tag, "")
    found = select(Repo.pk).where(*where)
    query = select(tag, func.count()).where(RepoTag.repo_pk.in_(found)).group_by(tag)
    rows = session.execute(query).all()
    return {row[0]: row[1] for row in rows}
