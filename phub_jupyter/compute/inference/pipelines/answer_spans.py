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

__all__ = ["Place", "Span", "WindowScores", "best_spans", "score_window", "surplus_of_none"]

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


def best_spans(
    windows: Sequence[WindowScores], *, count: int, may_be_missing: bool, threshold: float = 0.0
) -> list[Span]:
    """The ``count`` best answers, the empty one among them if there may be none.

    That must be likelier than an answer by ``threshold``, a logarithm: its odds are lowered by it.
    """
    if may_be_missing and threshold:
        windows = [_lowered(window, threshold) for window in windows]
    whole = _log_sum([window.whole for window in windows])
    spans = [
        Span(start, end, min(1.0, math.exp(value - whole)))
        for (start, end), value in _together(windows).items()
    ]
    missing = _missing(windows)
    if may_be_missing and missing is not None:
        spans.append(Span(0, 0, min(1.0, math.exp(missing - whole))))
    return sorted(spans, key=lambda span: span.score, reverse=True)[:count]


def surplus_of_none(windows: Sequence[WindowScores]) -> float:
    """How much likelier no answer is than the best one, as a logarithm: what a threshold cuts."""
    missing = _missing(windows)
    if missing is None:
        return -math.inf
    return missing - max(_together(windows).values(), default=-math.inf)


def _missing(windows: Sequence[WindowScores]) -> float | None:
    # No answer is meant only if no window has one: the least sure window decides.
    return min((window.nothing for window in windows if window.nothing is not None), default=None)


def _together(windows: Sequence[WindowScores]) -> dict[Place, float]:
    """The logarithm of each span over all windows that have it."""
    found: dict[Place, list[float]] = {}
    for window in windows:
        for start, end, value in window.spans:
            found.setdefault((start, end), []).append(value)
    return {place: _log_sum(values) for place, values in found.items()}


def _lowered(window: WindowScores, threshold: float) -> WindowScores:
    """The window with the odds of no answer lowered, so that all shares still make one."""
    nothing = window.nothing
    if nothing is None:
        return window
    rest = -math.expm1(min(0.0, nothing - window.whole))  # the share of everything else
    others = window.whole + math.log(rest) if rest > 0 else _log_sum([s[2] for s in window.spans])
    whole = _log_sum([others, nothing - threshold])
    return WindowScores(window.spans, whole, nothing - threshold)
