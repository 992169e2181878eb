"""Questions about results: who leads on a dataset, and how a model compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import EvalResultRow, FormerName, Namespace, Repo
from phub_jupyter.metrics import higher_is_better

__all__ = ["EvalResults", "Leader", "Question", "Standing"]

_MOST_ROWS = 20_000


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
            names = _names(session, dataset)
            query = select(EvalResultRow, Repo, Namespace).join(
                Repo, Repo.pk == EvalResultRow.repo_pk
            )
            query = query.join(Namespace, Namespace.pk == Repo.namespace_pk)
            query = query.where(EvalResultRow.dataset_key.in_(names), visible_to(actor))
            query = query.order_by(EvalResultRow.pk).limit(_MOST_ROWS)
            found = [(row, repo, author) for row, repo, author in session.execute(query)]
        if question.base_models_only:
            found = [each for each in found if not each[1].card_data.get("base_model")]
        chosen = _chosen([row for row, _, _ in found], question)
        best: dict[int, tuple[EvalResultRow, Repo, Namespace]] = {}
        for row, repo, author in found:
            if (row.task_id, row.split) == chosen and _is_newer(row, best.get(repo.pk)):
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
        with self._database.read() as session:
            kinds = {row.dataset_key for row in own}
            query = select(EvalResultRow, Repo).join(Repo, Repo.pk == EvalResultRow.repo_pk)
            query = query.where(EvalResultRow.dataset_key.in_(kinds), visible_to(actor))
            others = [
                (row, f"{repo.namespace}/{repo.name}")
                for row, repo in session.execute(query.limit(_MOST_ROWS))
            ]
        return [_standing(row, others) for row in own]


def _names(session: Session, dataset: Repo) -> list[str]:
    """All names under which results may speak of a dataset, in lower case."""
    query = select(FormerName.key).where(FormerName.repo_pk == dataset.pk)
    former = [key.partition("/")[2] for key in session.scalars(query)]
    return [f"{dataset.namespace}/{dataset.name}".lower(), *former]


def _chosen(rows: Sequence[EvalResultRow], question: Question) -> tuple[str, str]:
    """The kind of result that is wanted, or that most models have."""
    fitting = [
        row
        for row in rows
        if question.task_id in ("", row.task_id) and question.split in ("", row.split)
    ]
    if not fitting:
        if rows and (question.task_id or question.split):
            known = ", ".join(sorted({f"{row.task_id} on '{row.split}'" for row in rows})[:20])
            raise InvalidRequestError(f"task_id: no model has such a result; there are {known}.")
        return question.task_id, question.split
    counts = Counter((row.task_id, row.split) for row in fitting)
    return max(counts, key=lambda kind: (counts[kind], [-ord(char) for char in kind[0]]))


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
