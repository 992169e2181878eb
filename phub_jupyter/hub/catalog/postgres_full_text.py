"""The full text on PostgreSQL: words as a ``tsvector``, parts of names by trigrams.

Words are taken apart and folded here, so that the same words find the same repositories as on
SQLite, whatever language the server was set up for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    column,
    false,
    func,
    literal,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from phub_jupyter.hub.catalog.full_text import RepoText, words_of
from phub_jupyter.hub.database.tables import Repo, Term

__all__ = ["PostgresFullText"]

_LONGEST_WORD = 64
_PART = 3  # letters that an index of trigrams needs
_LARGEST_VECTOR = 400_000  # bytes; the server takes one MiB for both
_WORDS = ("named", "body")

_ROWS = table("repo_text", column("repo_pk", Integer), column("name", Text))
_WRITE = text(
    "INSERT INTO repo_text (repo_pk, name, named, body)"
    " VALUES (:pk, :name, array_to_tsvector(:named), array_to_tsvector(:body))"
    " ON CONFLICT (repo_pk) DO UPDATE"
    " SET name = excluded.name, named = excluded.named, body = excluded.body"
).bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in _WORDS))
_RENAME = text(
    "UPDATE repo_text SET name = :name, named = array_to_tsvector(:named) WHERE repo_pk = :pk"
).bindparams(bindparam("named", type_=ARRAY(Text)))


class PostgresFullText:
    """Names, and the words of names (``named``), cards and tags (``body``), in ``repo_text``."""

    def write(self, session: Session, repo_pk: int, content: RepoText) -> None:
        session.execute(
            _WRITE,
            {
                "pk": repo_pk,
                "name": content.name.lower(),
                "named": _lexemes(f"{content.name} {content.title}"),
                "body": _lexemes(" ".join([*content.tags, content.card])),
            },
        )

    def rename(self, session: Session, repo_pk: int, name: str, title: str) -> None:
        named = _lexemes(f"{name} {title}")
        session.execute(_RENAME, {"pk": repo_pk, "name": name.lower(), "named": named})

    def forget(self, session: Session, repo_pk: int) -> None:
        session.execute(text("DELETE FROM repo_text WHERE repo_pk = :pk"), {"pk": repo_pk})

    def learn(self, session: Session, terms: Iterable[str]) -> None:
        rows = [{"text": term} for term in sorted(set(terms))]
        if rows:
            session.execute(insert(Term).on_conflict_do_nothing(), rows)

    def holding(self, typed: str) -> Select[int]:
        words = words_of(_folded(typed))
        if not words:
            return _nothing()
        query = " & ".join(f"'{word}':*" for word in words)
        match = text("repo_text.words @@ CAST(:words_typed AS tsquery)")
        return select(_ROWS.c.repo_pk).where(match.bindparams(words_typed=query))

    def naming(self, part: str) -> Select[int] | None:
        return select(_ROWS.c.repo_pk).where(_ROWS.c.name.contains(part.lower(), autoescape=True))

    def like_names(self, typed: str, limit: int) -> Select[int]:
        letters = " ".join(words_of(typed)).lower()[:_LONGEST_WORD]
        if not letters:
            return _nothing()
        found = select(_ROWS.c.repo_pk).where(_is_like(_ROWS.c.name, letters))
        return found.order_by(_distance(_ROWS.c.name, letters), _ROWS.c.repo_pk).limit(limit)

    def like_terms(self, typed: str, limit: int) -> Select[str]:
        letters = " ".join(words_of(typed)).lower()[:_LONGEST_WORD]
        if not letters:
            return select(Term.text).where(false())
        term = func.lower(Term.text)
        found = select(Term.text).where(_is_like(term, letters))
        return found.order_by(_distance(term, letters), Term.pk).limit(limit)


def _is_like(words: ColumnElement[str], letters: str) -> ColumnElement[bool]:
    """Whether ``words`` share three letters in a row with what was typed, which an index tells."""
    parts = {letters[at : at + _PART] for at in range(max(1, len(letters) - _PART + 1))}
    return or_(*(words.contains(part, autoescape=True) for part in sorted(parts)))


def _distance(words: ColumnElement[str], letters: str) -> ColumnElement[float]:
    return literal(letters).op("<<->")(words)


def _nothing() -> Select[int]:
    return select(Repo.pk).where(false())


def _folded(typed: str) -> str:
    """The text without accents and in lower case."""
    plain = unicodedata.normalize("NFKD", typed)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()


def _lexemes(content: str) -> list[str]:
    """Each word once, as many as fit."""
    words = dict.fromkeys(word[:_LONGEST_WORD] for word in re.findall(r"[^\W_]+", _folded(content)))
    kept, size = [], 0
    for word in words:
        size += len(word.encode()) + 8
        if size > _LARGEST_VECTOR:
            break
        kept.append(word)
    return kept
