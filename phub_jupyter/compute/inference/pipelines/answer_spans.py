"""Finds the best answers to a question among the tokens of a text that was read in windows.

A score is the probability that the answer begins at one token and ends at another, over all pairs
in all windows together: a window that holds no answer must not seem sure of one. Spans of the same
characters, from windows that overlap or tokens of one word, count as one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Place", "Span", "WindowScores", "best_spans", "score_window"]

Place = tuple[int, int]
_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the text, in characters, and how likely it is the answer."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class WindowScores:
    """One window's best spans, and the sum over all its pairs of tokens, as logarithms.

    ``nothing`` is the logarithm of there being no answer, for models that can say so.
    """

    spans: list[tuple[int, int, float]]
    whole: float
    nothing: float | None


def score_window(
    start: Any,
    end: Any,
    places: Sequence[Place | None],
    nothing: int | None,
    *,
    longest: int,
    count: int,
) -> WindowScores:
    """Pick spans of up to ``longest`` tokens from a window's logits (numpy arrays).

    ``places`` are the characters of every token that may be in an answer; the token ``nothing``
    stands for no answer.
    """
    import numpy as np

    inside = np.array([place is not None for place in places])
    counted = inside.copy()
    if nothing is not None:
        counted[nothing] = True
    sums = np.where(inside, start, -np.inf)[:, None] + np.where(inside, end, -np.inf)[None, :]
    band = np.tril(np.triu(np.ones_like(sums, dtype=bool)), longest - 1)
    flat = np.where(band, sums, -np.inf).ravel()
    wanted = min(flat.size, max(_CANDIDATES, 2 * count))
    best = np.argpartition(flat, flat.size - wanted)[flat.size - wanted :]
    return WindowScores(
        [
            _span(places, *divmod(int(cell), len(places)), float(flat[cell]))
            for cell in best
            if np.isfinite(flat[cell])
        ],
        _log_sum(start[counted].tolist()) + _log_sum(end[counted].tolist()),
        None if nothing is None else float(start[nothing] + end[nothing]),
    )


def _span(
    places: Sequence[Place | None], first: int, last: int, value: float
) -> tuple[int, int, float]:
    begin, finish = places[first] or (0, 0), places[last] or (0, 0)
    return begin[0], finish[1], value


def _log_sum(values: Sequence[float]) -> float:
    highest = max(values, default=-math.inf)
    if highest == -math.inf:
        return highest
    return highest + math.log(sum(math.exp(value - highest) for value in values))


def best_spans(windows: Sequence[WindowScores], *, count: int, may_be_missing: bool) -> list[Span]:
    """The ``count`` best answers, the empty one among them if there may be none."""
    whole = _log_sum([window.whole for window in windows])
    found: dict[tuple[int, int], float] = {}
    for window in windows:
        for start, end, value in window.spans:
            found[start, end] = found.get((start, end), 0.0) + math.exp(value - whole)
    spans = [Span(start, end, min(1.0, score)) for (start, end), score in found.items()]
    missing = [window.nothing for window in windows if window.nothing is not None]
    if may_be_missing and missing:
        # No answer is meant only if no window has one: the least sure window decides.
        spans.append(Span(0, 0, math.exp(min(missing) - whole)))
    return sorted(spans, key=lambda span: span.score, reverse=True)[:count]
