"""Finding by words and by parts of names: all that a database does in its own way.

The rest of the catalog is plain SQLAlchemy; here is the seam behind which each kind of database
has its full text. What is written comes from repositories and can be made again from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Integer, Select, false, literal, literal_column, select, table, text
from sqlalchemy.orm import Session

from phub_jupyter.hub.database.tables import Repo, Term

__all__ = ["FullText", "RepoText", "SqliteFullText", "words_of"]

_MOST_WORDS = 32
_LONGEST_WORD = 64
_SHORTEST_PART = 3  # letters that a trigram index needs
_NAME = re.compile(r"[\w.\-/]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class RepoText:
    """What is found of one repository: ``name`` is its id, ``title`` what its card calls it."""

    name: str
    title: str
    card: str
    tags: tuple[str, ...]


class FullText(Protocol):
    """The full text of one database; all methods work in the caller's session."""

    def write(self, session: Session, repo_pk: int, content: RepoText) -> None:
        """Replace the text of a repository."""
        ...

    def rename(self, session: Session, repo_pk: int, name: str, title: str) -> None:
        """Find a repository by another ``namespace/name`` from now on; its card stays."""
        ...

    def forget(self, session: Session, repo_pk: int) -> None:
        """Remove the text of a repository, whose row may be gone already."""
        ...

    def learn(self, session: Session, terms: Iterable[str]) -> None:
        """Remember words that suggestions may offer; known ones are left alone."""
        ...

    def holding(self, typed: str) -> Select[int]:
        """Keys of repositories with words that start like all those typed; none for no words."""
        ...

    def naming(self, part: str) -> Select[int] | None:
        """Keys of repositories with ``part`` somewhere in ``namespace/name``, in any case.

        None where the index cannot tell, because the part is too short for it.
        """
        ...

    def like_names(self, typed: str, limit: int) -> Select[int]:
        """Keys of repositories whose names look most like what was typed, best first."""
        ...

    def like_terms(self, typed: str, limit: int) -> Select[str]:
        """Learned words that look most like what was typed, best first."""
        ...


def words_of(typed: str) -> list[str]:
    """The words in whatever a person typed, without punctuation; a few dozen at most."""
    return [word[:_LONGEST_WORD] for word in re.findall(r"[^\W_]+", typed)[:_MOST_WORDS]]


class SqliteFullText:
    """FTS5: words of names, cards and tags in ``repo_text``; parts of names in ``repo_names``."""

    def write(self, session: Session, repo_pk: int, content: RepoText) -> None:
        self.forget(session, repo_pk)
        session.execute(
            text(
                "INSERT INTO repo_text (rowid, repo_id, card, tags) VALUES (:pk, :id, :card, :tags)"
            ),
            {
                "pk": repo_pk,
                "id": f"{content.name.replace('/', ' ')} {content.title}",
                "card": content.card,
                "tags": " ".join(content.tags),
            },
        )
        self._name(session, repo_pk, content.name)

    def rename(self, session: Session, repo_pk: int, name: str, title: str) -> None:
        session.execute(
            text("UPDATE repo_text SET repo_id = :id WHERE rowid = :pk"),
            {"pk": repo_pk, "id": f"{name.replace('/', ' ')} {title}"},
        )
        session.execute(text("DELETE FROM repo_names WHERE rowid = :pk"), {"pk": repo_pk})
        self._name(session, repo_pk, name)

    def forget(self, session: Session, repo_pk: int) -> None:
        for name in ("repo_text", "repo_names"):
            session.execute(text(f"DELETE FROM {name} WHERE rowid = :pk"), {"pk": repo_pk})  # noqa: S608

    def learn(self, session: Session, terms: Iterable[str]) -> None:
        wanted = set(terms)
        known = set(session.scalars(select(Term.text).where(Term.text.in_(wanted))))
        new = [Term(text=term) for term in sorted(wanted - known)]
        session.add_all(new)
        session.flush()
        for term in new:
            session.execute(
                text("INSERT INTO term_parts (rowid, term) VALUES (:pk, :term)"),
                {"pk": term.pk, "term": term.text.lower()},
            )

    def holding(self, typed: str) -> Select[int]:
        words = words_of(typed)
        if not words:
            return _nothing()
        return _rows("repo_text", " ".join(f'"{word}"*' for word in words))

    def naming(self, part: str) -> Select[int] | None:
        if not _NAME.fullmatch(part):  # no name has such a character
            return _nothing()
        return None if len(part) < _SHORTEST_PART else _rows("repo_names", f'"{part.lower()}"')

    def like_names(self, typed: str, limit: int) -> Select[int]:
        match = _any_part(typed)
        if match is None:
            return _nothing()
        return _rows("repo_names", match).order_by(literal_column("rank")).limit(limit)

    def like_terms(self, typed: str, limit: int) -> Select[str]:
        match = _any_part(typed)
        if match is None:
            return select(Term.text).where(false())
        found = _rows("term_parts", match).add_columns(literal_column("rank").label("rank"))
        best = found.order_by(literal_column("rank")).limit(limit).subquery()
        return select(Term.text).join(best, best.c.rowid == Term.pk).order_by(best.c.rank)

    def _name(self, session: Session, repo_pk: int, name: str) -> None:
        session.execute(
            text("INSERT INTO repo_names (rowid, name) VALUES (:pk, :name)"),
            {"pk": repo_pk, "name": name.lower()},
        )


def _rows(name: str, match: str) -> Select[int]:
    found = select(literal_column("rowid", Integer).label("rowid")).select_from(table(name))
    return found.where(literal_column(name).op("MATCH")(literal(match)))


def _nothing() -> Select[int]:
    return select(Repo.pk).where(false())


def _any_part(typed: str) -> str | None:
    """A query for anything that shares three letters in a row with what was typed."""
    letters = " ".join(words_of(typed)).lower()[:_LONGEST_WORD]
    parts = {letters[at : at + _SHORTEST_PART] for at in range(len(letters) - _SHORTEST_PART + 1)}
    return " OR ".join(f'"{part}"' for part in sorted(parts)) or None
