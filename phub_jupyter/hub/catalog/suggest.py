"""What a person may have meant: names, tags, tasks and accounts that look like what they typed.

The index proposes what shares a few letters with the typed text; how alike two words really are is
then measured one by one. Only what stands on a repository that the person may see is offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from sqlalchemy import select
from sqlalchemy.orm import Session

from phub_jupyter.hub.access import Actor, visible_to
from phub_jupyter.hub.catalog.full_text import FullText, words_of
from phub_jupyter.hub.database import Database
from phub_jupyter.hub.database.tables import Namespace, Repo, RepoTag
from phub_jupyter.tasks import TASKS

__all__ = ["Suggestion", "Suggestions"]

_CANDIDATES = 100
_ALIKE = 0.65
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``kind`` is task, author, tag or a type of repository; ``value`` is what to search for."""

    kind: str
    value: str
    label: str
    score: float


class Suggestions:
    """Forgives typing errors."""

    def __init__(self, database: Database, full_text: FullText) -> None:
        self._database = database
        self._full_text = full_text

    def of(self, actor: Actor, typed: str, limit: int) -> list[Suggestion]:
        """The best few, best first; none for a text without letters."""
        typed = " ".join(words_of(typed)).lower()[:_LONGEST]
        if not typed:
            return []
        found = [*_tasks(typed)]
        with self._database.read() as session:
            found += self._names(session, actor, typed)
            terms = list(session.scalars(self._full_text.like_terms(typed, _CANDIDATES)))
            found += _tags(session, actor, typed, terms)
            found += _authors(session, actor, typed, terms)
        best: dict[tuple[str, str], Suggestion] = {}
        for one in sorted(found, key=lambda one: (-one.score, len(one.value), one.value)):
            best.setdefault((one.kind, one.value), one)
        return list(best.values())[:limit]

    def meant(self, actor: Actor, typed: str) -> str | None:
        """What to search for instead of a text that finds nothing."""
        for one in self.of(actor, typed, 5):
            if one.label.lower() != typed.strip().lower():
                return one.label if one.kind == "task" else one.value
        return None

    def _names(self, session: Session, actor: Actor, typed: str) -> list[Suggestion]:
        keys = list(session.scalars(self._full_text.like_names(typed, _CANDIDATES)))
        query = select(Repo.type, Repo.namespace, Repo.name).where(
            Repo.pk.in_(keys), visible_to(actor)
        )
        found = []
        for kind, namespace, name in session.execute(query):
            score = _score(typed, name)
            if score >= _ALIKE:
                full = f"{namespace}/{name}"
                found.append(Suggestion(kind, full, full, score))
        return found


def _tasks(typed: str) -> list[Suggestion]:
    scored = [(_best(typed, (task.name, task.label)), task) for task in _ALL]
    return [
        Suggestion("task", task.name, task.label, score)
        for score, task in scored
        if score >= _ALIKE
    ]


def _tags(session: Session, actor: Actor, typed: str, terms: Sequence[str]) -> Iterable[Suggestion]:
    alike = {term: _best(typed, (term, term.partition(":")[2])) for term in terms}
    wanted = [term for term, score in alike.items() if score >= _ALIKE and term not in TASKS]
    query = (
        select(RepoTag.tag)
        .join(Repo, Repo.pk == RepoTag.repo_pk)
        .where(RepoTag.tag.in_(wanted), visible_to(actor))
        .distinct()
    )
    for tag in session.scalars(query) if wanted else ():
        yield Suggestion("tag", tag, tag.partition(":")[2] or tag, alike[tag])


def _authors(
    session: Session, actor: Actor, typed: str, terms: Sequence[str]
) -> Iterable[Suggestion]:
    alike = {term.lower(): _score(typed, term) for term in terms}
    wanted = [term for term, score in alike.items() if score >= _ALIKE]
    shown = select(Repo.namespace_pk).where(visible_to(actor))
    query = select(Namespace.name).where(Namespace.key.in_(wanted), Namespace.pk.in_(shown))
    for name in session.scalars(query) if wanted else ():
        yield Suggestion("author", name, name, alike[name.lower()])


def _best(typed: str, candidates: Sequence[str]) -> float:
    return max(_score(typed, candidate) for candidate in candidates)


def _score(typed: str, candidate: str) -> float:
    """How alike the two are, 1 at most: as a whole, by the beginning, or in one of the words."""
    words = words_of(candidate.lower())
    whole = " ".join(words)
    scores = [_ratio(typed, whole), 0.98 * _ratio(typed, whole[: len(typed)])]
    scores += [0.95 * _ratio(typed, word) for word in words if len(word) > 2]
    return round(max(scores), 3)


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


_ALL = tuple(TASKS.values())
