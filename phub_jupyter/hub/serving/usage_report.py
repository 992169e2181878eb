"""What was counted of calls, summed up for those who may know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, select

from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import ModelUsage, Namespace, Repo, utc_now
from phub_jupyter.hub.serving.tally import Tally
from phub_jupyter.hub.serving.usage import Usage, tally_of

__all__ = ["Caller", "UsageReport", "UsageReports"]


class Caller(NamedTuple):
    """Who called: a person's name and the name and key of their token, if there were any."""

    user: str | None
    token: str | None
    token_pk: int | None


@dataclass(slots=True)
class UsageReport:
    """The days from ``since`` to ``until``, and their calls by several things."""

    since: date
    until: date
    total: Tally = field(default_factory=Tally)
    by_day: dict[date, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_task: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_model: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_caller: dict[Caller, Tally] = field(default_factory=lambda: defaultdict(Tally))


class UsageReports:
    """Reads the counts, after those are written that are not yet."""

    def __init__(self, database: Database, usage: Usage) -> None:
        self._database = database
        self._usage = usage

    def of_model(self, actor: Actor, repo: Repo, days: int) -> UsageReport:
        """All calls of a model; tokens of other people are told to administrators alone."""
        report = self._report(days, ModelUsage.repo_pk == repo.pk)
        if actor.is_hub_admin:
            return report
        callers: dict[Caller, Tally] = defaultdict(Tally)
        for caller, tally in report.by_caller.items():
            is_own = caller.user is not None and caller.user == actor.name
            callers[caller if is_own else Caller(caller.user, None, None)].add(tally)
        return replace(report, by_caller=callers)

    def of_person(self, actor: Actor, user_pk: int, days: int) -> UsageReport:
        """A person's own calls, of the models that ``actor`` may see."""
        return self._report(days, ModelUsage.user_pk == user_pk, visible_to(actor))

    def _report(self, days: int, *conditions: ColumnElement[bool]) -> UsageReport:
        self._usage.write()
        until = utc_now().date()
        since = until - timedelta(days=days - 1)
        rows = (
            select(ModelUsage, Repo.namespace, Repo.name, Namespace.name)
            .join(Repo, Repo.pk == ModelUsage.repo_pk)
            .outerjoin(Namespace, Namespace.pk == ModelUsage.user_pk)
            .where(ModelUsage.day >= since, *conditions)
            .order_by(ModelUsage.day, ModelUsage.pk)
        )
        with self._database.read() as session:
            return _summed(UsageReport(since, until), session.execute(rows))


def _summed(
    report: UsageReport, rows: Iterable[Row[ModelUsage, str, str, str | None]]
) -> UsageReport:
    for row, namespace, name, user in rows:
        tally = tally_of(row)
        caller = Caller(user, None if row.token_pk is None else row.token_name, row.token_pk)
        report.total.add(tally)
        report.by_day[row.day].add(tally)
        report.by_task[row.task].add(tally)
        report.by_model[f"{namespace}/{name}"].add(tally)
        report.by_caller[caller].add(tally)
    return report
