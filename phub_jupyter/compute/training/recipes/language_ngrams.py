"""What a language model has to beat: token sequences counted in the training rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from phub_jupyter.compute.training.recipes.language_tokens import IGNORED

__all__ = ["Ngrams"]

_ORDER = 3


class Ngrams:
    """The share of each token after the two before it; of what is rare, after fewer.

    How far shorter sequences count is decided by how many different tokens followed (Witten and
    Bell), so there is nothing to set. All tokens of the ``vocabulary`` are possible.
    """

    def __init__(self, vocabulary: int) -> None:
        self._vocabulary = vocabulary
        self._after: Counter[tuple[int, ...]] = Counter()
        self._kinds: Counter[tuple[int, ...]] = Counter()
        self._whole: Counter[tuple[int, ...]] = Counter()

    def learn(self, ids: Sequence[int], labels: Sequence[int]) -> None:
        """Count the tokens of a row that are to be written."""
        for token, context in _asked(ids, labels):
            for start in range(len(context) + 1):
                before = context[start:]
                sequence = (*before, token)
                self._whole[sequence] += 1
                self._after[before] += 1
                self._kinds[before] += self._whole[sequence] == 1

    def surprise(self, ids: Sequence[int], labels: Sequence[int]) -> float:
        """The summed negative logarithm of the tokens of a row that are to be written."""
        return -sum(
            math.log(self._probability(token, context)) for token, context in _asked(ids, labels)
        )

    def _probability(self, token: int, context: tuple[int, ...]) -> float:
        found = 1 / self._vocabulary
        for start in range(len(context), -1, -1):
            before = context[start:]
            kinds = self._kinds.get(before, 0)
            if kinds:
                seen = self._whole.get((*before, token), 0)
                found = (seen + kinds * found) / (self._after[before] + kinds)
        return found


def _asked(ids: Sequence[int], labels: Sequence[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    for at in range(1, len(ids)):
        if labels[at] != IGNORED:
            yield ids[at], tuple(ids[max(0, at - _ORDER + 1) : at])
