"""Turns a label for every token into entities of the text: the public aggregation strategies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

__all__ = ["STRATEGIES", "Token", "aggregate", "without_overlaps"]

STRATEGIES = ("none", "simple", "first", "average", "max")

_Entity = dict[str, Any]
_Join = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Token:
    """One token, where it is in the text, to which word it belongs, and a score for each label."""

    index: int
    piece: str
    start: int
    end: int
    word: int | None
    scores: list[float]


def aggregate(
    tokens: Sequence[Token], labels: Sequence[str], strategy: str, join: _Join
) -> list[_Entity]:
    """Entities in the order of the text, those that are nothing (``O``) among them.

    ``none`` gives every token by itself; ``simple`` joins neighbours of one label; the others first
    let every word have one label: its first token's, that of the average, or the surest token's.
    ``join`` makes text of tokens.
    """
    if strategy in ("none", "simple"):
        found = [_alone(token, labels) for token in tokens]
    else:
        found = [_of_word(word, labels, strategy, join) for word in _words(tokens)]
    return found if strategy == "none" else [_grouped(group, join) for group in _groups(found)]


def _alone(token: Token, labels: Sequence[str]) -> _Entity:
    best = _best(token.scores)
    return {
        "entity": labels[best],
        "score": token.scores[best],
        "index": token.index,
        "word": token.piece,
        "start": token.start,
        "end": token.end,
    }


def _words(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    for _, word in groupby(tokens, lambda token: (token.word, token.word is None and token.index)):
        yield list(word)


def _of_word(word: list[Token], labels: Sequence[str], strategy: str, join: _Join) -> _Entity:
    if strategy == "first":
        scores = word[0].scores
    elif strategy == "max":
        scores = max(word, key=lambda token: max(token.scores)).scores
    else:
        columns = zip(*(token.scores for token in word), strict=True)
        scores = [sum(column) / len(word) for column in columns]
    best = _best(scores)
    return {
        "entity": labels[best],
        "score": scores[best],
        "word": join([token.piece for token in word]),
        "start": word[0].start,
        "end": word[-1].end,
    }


def _best(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


def _groups(entities: Sequence[_Entity]) -> Iterator[list[_Entity]]:
    group: list[_Entity] = []
    for entity in entities:
        begins, kind = _parts(entity["entity"])
        if group and (begins or kind != _parts(group[-1]["entity"])[1]):
            yield group
            group = []
        group.append(entity)
    if group:
        yield group


def _parts(label: str) -> tuple[bool, str]:
    """Whether a label says that something begins here, and of what kind it is."""
    if label.startswith(("B-", "I-")):
        return label.startswith("B-"), label[2:]
    return False, label


def _grouped(group: Sequence[_Entity], join: _Join) -> _Entity:
    return {
        "entity_group": _parts(group[0]["entity"])[1],
        "score": sum(entity["score"] for entity in group) / len(group),
        "word": join([entity["word"] for entity in group]),
        "start": group[0]["start"],
        "end": group[-1]["end"],
    }


def without_overlaps(entities: Sequence[_Entity]) -> list[_Entity]:
    """Of those that overlap, as windows of a long text do, the longest; of equals, the surest."""
    kept: list[_Entity] = []
    for entity in sorted(entities, key=lambda entity: int(entity["start"])):
        if kept and entity["start"] < kept[-1]["end"]:
            if _weight(entity) > _weight(kept[-1]):
                kept[-1] = entity
        else:
            kept.append(entity)
    return kept


def _weight(entity: _Entity) -> tuple[int, float]:
    return entity["end"] - entity["start"], entity["score"]
