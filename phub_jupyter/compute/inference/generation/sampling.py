"""Choosing the next token from the model's scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["Choice", "Sampler", "Sampling"]

_ENOUGH = 1024


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose, and how long to go on.

    Temperature 0 takes the best token each time; None stands for what the model's makers advise.
    """

    max_new_tokens: int = 100
    temperature: float | None = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    alternatives: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """A token with its logarithmic probability, and those of the best alternatives."""

    token: int
    logprob: float
    alternatives: tuple[tuple[int, float], ...] = ()


class Sampler:
    """The choices of one text."""

    def __init__(self, sampling: Sampling, prompt: Sequence[int]) -> None:
        self._sampling = sampling
        self._seen = set(prompt)
        self._written: Counter[int] = Counter()
        self._generator = torch.Generator()
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)

    def choose(self, scores: torch.Tensor, best: int, total: float) -> Choice:
        """Choose from one row of ``scores``.

        ``best`` is its greatest one, and ``total`` the logarithm of the sum of their exponentials;
        both are cheaper to find for a whole batch.
        """
        sampling = self._sampling
        wanted = self._penalised(scores)
        token = best if wanted is scores else int(wanted.argmax())
        if sampling.temperature:
            token = self._draw(wanted / sampling.temperature)
        self._written[token] += 1
        alternatives: tuple[tuple[int, float], ...] = ()
        if sampling.alternatives:
            values, tokens = scores.topk(min(sampling.alternatives, len(scores)))
            pairs = zip(tokens.tolist(), values.tolist(), strict=True)
            alternatives = tuple((other, value - total) for other, value in pairs)
        return Choice(token, float(scores[token]) - total, alternatives)

    def _penalised(self, scores: torch.Tensor) -> torch.Tensor:
        sampling = self._sampling
        if sampling.repetition_penalty != 1.0 and (seen := [*self._seen, *self._written]):
            scores = scores.clone()
            tokens = torch.tensor(seen, device=scores.device)
            old = scores[tokens]
            factor = sampling.repetition_penalty
            scores[tokens] = torch.where(old > 0, old / factor, old * factor)
        if (sampling.frequency_penalty or sampling.presence_penalty) and self._written:
            scores = scores.clone()
            tokens = torch.tensor(list(self._written), device=scores.device)
            counts = torch.tensor(list(self._written.values()), device=scores.device)
            scores[tokens] -= counts * sampling.frequency_penalty + sampling.presence_penalty
        return scores

    def _draw(self, scores: torch.Tensor) -> int:
        sampling = self._sampling
        scores = scores.cpu()
        point = torch.rand((), generator=self._generator).item()
        if sampling.top_k is None and sampling.top_p is None:
            return _at(scores.softmax(-1).cumsum(-1), point)
        values, tokens = scores.topk(min(sampling.top_k or _ENOUGH, len(scores)))
        shares = values.softmax(-1)
        if sampling.top_k is None:
            shares = (values - scores.logsumexp(-1)).exp()
        if sampling.top_p is not None:
            if float(shares.sum()) < sampling.top_p and sampling.top_k is None:
                values, tokens = scores.sort(descending=True)
                shares = values.softmax(-1)
            before = shares.cumsum(-1) - shares
            shares = shares[before < sampling.top_p]  # the best one always stays
        return int(tokens[_at(shares.cumsum(-1), point)])


def _at(sums: Any, point: float) -> int:
    """The index at which rising ``sums`` pass the share ``point`` of their last."""
    index = torch.searchsorted(sums, sums[-1] * point, right=True)
    return min(int(index), len(sums) - 1)
