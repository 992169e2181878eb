"""Questions about results: who leads on a dataset, and how a model compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_
from sqlalchemy.orm import Session, load_only

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import EvalResultRow, FormerName, Namespace, Repo, RepoTag
from phub_jupyter.metrics import higher_is_better

__all__ = ["EvalResults", "Leader", "Question", "Standing"]

_MOST_ROWS = 20_000
_Kind = tuple[str, str]  # what the public format calls the task, and the split


@dataclass(frozen=True, slots=True)
class Question:
    """Which of a dataset's results are wanted; empty stands for the one that most models have."""

    task_id: str = ""
    split: str = ""
    base_models_only: bool = False


@dataclass(frozen=True, slots=True)
class Leader:
    """A model's place on a leaderboard, from 1 up; equal values share one."""

    rank: int
    result: EvalResultRow
    repo: Repo
    author: Namespace


@dataclass(frozen=True, slots=True)
class Standing:
    """A result of a model among all that the actor may see of its kind."""

    result: EvalResultRow
    rank: int
    of: int
    best: float
    best_model: str


class EvalResults:
    """Reads the index of results. What an actor may not see does not exist for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def leaderboard(self, actor: Actor, dataset: Repo, question: Question) -> list[Leader]:
        """The models that were evaluated on a dataset which the actor may see, best first.

        Raises InvalidRequestError for a task that no result is for.
        """
        with self._database.read() as session:
            there = [
                EvalResultRow.dataset_key.in_(_names(session, dataset)),
                visible_to(actor),
                *([~_is_derived()] if question.base_models_only else []),
            ]
            chosen = _chosen(_kinds(session, there), question)
            best: dict[int, tuple[EvalResultRow, Repo, Namespace]] = {}
            for row, repo, author in session.execute(_rows_of(chosen, there)):
                if _is_newer(row, best.get(repo.pk)):
                    best[repo.pk] = (row, repo, author)
        ordered = sorted(best.values(), key=lambda each: (_worth(each[0]), each[1].key))
        ranks = _ranks([each[0] for each in ordered])
        return [Leader(rank, *each) for rank, each in zip(ranks, ordered, strict=True)]

    def of_models(self, repo_pks: Iterable[int]) -> dict[int, list[EvalResultRow]]:
        """The results of models that the actor may see, in the order of their files."""
        wanted = list(repo_pks)
        found: dict[int, list[EvalResultRow]] = {pk: [] for pk in wanted}
        with self._database.read() as session:
            query = select(EvalResultRow).where(EvalResultRow.repo_pk.in_(wanted))
            for row in session.scalars(query.order_by(EvalResultRow.filename, EvalResultRow.pk)):
                found[row.repo_pk].append(row)
        return found

    def standings(self, actor: Actor, model: Repo) -> list[Standing]:
        """Every result of a model which the actor may see, with how others did on the same."""
        own = self.of_models([model.pk])[model.pk]
        if not own:
            return []
        kinds = {(row.dataset_key, row.task_id, row.split) for row in own}
        kind = tuple_(EvalResultRow.dataset_key, EvalResultRow.task_id, EvalResultRow.split)
        query = select(EvalResultRow, Repo.namespace + "/" + Repo.name)
        query = query.join(Repo, Repo.pk == EvalResultRow.repo_pk)
        query = query.where(kind.in_(kinds), visible_to(actor)).limit(_MOST_ROWS)
        with self._database.read() as session:
            others = [(row, name) for row, name in session.execute(query)]
        return [_standing(row, others) for row in own]


def _names(session: Session, dataset: Repo) -> list[str]:
    """All names under which results may speak of a dataset, in lower case."""
    query = select(FormerName.key).where(FormerName.repo_pk == dataset.pk)
    former = [key.partition("/")[2] for key in session.scalars(query)]
    return [f"{dataset.namespace}/{dataset.name}".lower(), *former]


def _is_derived() -> ColumnElement[bool]:
    """Whether the card of a model names one that it was made from."""
    tagged = (RepoTag.repo_pk == Repo.pk, RepoTag.tag.startswith("base_model:", autoescape=True))
    return exists().where(*tagged)


def _kinds(session: Session, there: Sequence[ColumnElement[bool]]) -> dict[_Kind, int]:
    """The tasks and splits that there are results for, and how many models have each."""
    kind = (EvalResultRow.task_id, EvalResultRow.split)
    query = select(*kind, func.count(EvalResultRow.repo_pk.distinct()))
    query = query.join(Repo, Repo.pk == EvalResultRow.repo_pk).where(*there).group_by(*kind)
    return {(task_id, split): count for task_id, split, count in session.execute(query)}


def _rows_of(
    kind: _Kind, there: Sequence[ColumnElement[bool]]
) -> Select[EvalResultRow, Repo, Namespace]:
    query = select(EvalResultRow, Repo, Namespace)
    query = query.join(Repo, Repo.pk == EvalResultRow.repo_pk)
    query = query.join(Namespace, Namespace.pk == Repo.namespace_pk)
    query = query.options(load_only(Repo.key, Repo.namespace, Repo.name))
    query = query.where(EvalResultRow.task_id == kind[0], EvalResultRow.split == kind[1], *there)
    return query.order_by(EvalResultRow.pk).limit(_MOST_ROWS)


def _chosen(kinds: Mapping[_Kind, int], question: Question) -> _Kind:
    """The kind of result that is wanted, or that most models have."""
    fitting = [
        kind
        for kind in kinds
        if question.task_id in ("", kind[0]) and question.split in ("", kind[1])
    ]
    if fitting:
        return min(fitting, key=lambda kind: (-kinds[kind], kind))
    if kinds and (question.task_id or question.split):
        known = ", ".join(sorted(f"{task_id} on '{split}'" for task_id, split in kinds)[:20])
        raise InvalidRequestError(f"task_id: no model has such a result; there are {known}.")
    return question.task_id, question.split


def _is_newer(row: EvalResultRow, other: tuple[EvalResultRow, Repo, Namespace] | None) -> bool:
    return other is None or row.date >= other[0].date


def _worth(row: EvalResultRow) -> float:
    """A number that is the smaller the better the result is."""
    try:
        better = higher_is_better(row.metric) if row.metric else True
    except InvalidRequestError:  # a metric that others invented
        better = True
    return -row.value if better else row.value


def _ranks(rows: Sequence[EvalResultRow]) -> list[int]:
    ranks: list[int] = []
    for place, row in enumerate(rows):
        same = place > 0 and row.value == rows[place - 1].value
        ranks.append(ranks[-1] if same else place + 1)
    return ranks


def _standing(row: EvalResultRow, others: Sequence[tuple[EvalResultRow, str]]) -> Standing:
    same: dict[int, tuple[float, float, str]] = {}
    for other, name in others:
        alike = (other.dataset_key, other.task_id, other.split)
        if alike == (row.dataset_key, row.task_id, row.split):
            same[other.repo_pk] = (_worth(other), other.value, name)
    same[row.repo_pk] = (_worth(row), row.value, same[row.repo_pk][2])
    better = sum(worth < _worth(row) for worth, _, _ in same.values())
    _, best, name = min(same.values())
    return Standing(row, better + 1, len(same), best, name)
