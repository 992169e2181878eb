"""Passes through a model that remember what they have read, for many texts at once or one by one.

Each text has a row number; the rows in use are the first ones. All scores come back as float32.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Protocol

import torch

from phub_jupyter.compute.inference.generation.cache import RowCache

__all__ = ["JointPasses", "Passes", "SinglePasses", "passes_for"]

_TOLERANCE = 0.05


class Passes(Protocol):
    """The model with its memory."""

    def read(self, row: int, tokens: Sequence[int], known: int) -> torch.Tensor:
        """Add ``tokens`` to a row that has ``known`` ones; the scores after the last of them."""
        ...

    def add(self, tokens: Sequence[int], known: Sequence[int]) -> torch.Tensor:
        """Add one token to each of the first rows; one line of scores a row."""
        ...

    def copy(self, source: int, target: int, length: int) -> None:
        """Let a row begin with the first ``length`` tokens of another one."""
        ...

    def move(self, source: int, target: int, length: int) -> None:
        """Give the whole of a row another number."""
        ...


class JointPasses:
    """All rows in one pass, for models whose every layer attends to the whole text."""

    shares = True

    def __init__(self, model: Any) -> None:
        self._model = model
        self._options = _options(model)
        self._cache = RowCache(int(model.config.get_text_config().num_hidden_layers))

    def read(self, row: int, tokens: Sequence[int], known: int) -> torch.Tensor:
        end = known + len(tokens)
        self._cache.aim_at_row(row, known, len(tokens))
        positions = torch.arange(known, end, device=self._model.device)
        mask = positions[:, None] >= torch.arange(end, device=self._model.device)
        return self._run([list(tokens)], positions[None], mask[None, None])[0]

    def add(self, tokens: Sequence[int], known: Sequence[int]) -> torch.Tensor:
        span = max(known) + 1
        positions = torch.tensor(known, device=self._model.device)
        self._cache.aim_at_all(positions, span)
        mask = torch.arange(span, device=self._model.device) <= positions[:, None]
        rows = [[token] for token in tokens]
        return self._run(rows, positions[:, None], mask[:, None, None])

    def copy(self, source: int, target: int, length: int) -> None:
        self._cache.move(source, target, length)

    move = copy

    def _run(self, rows: list[list[int]], positions: Any, mask: Any) -> torch.Tensor:
        output = self._model(
            input_ids=torch.tensor(rows, device=self._model.device),
            position_ids=positions,
            attention_mask=mask,
            past_key_values=self._cache,
            use_cache=True,
            **self._options,
        )
        scores: torch.Tensor = output.logits[:, -1].float()
        return scores


class SinglePasses:
    """One pass a row, with the memory that transformers makes for the model: it fits them all."""

    shares = False

    def __init__(self, model: Any) -> None:
        self._model = model
        self._options = _options(model)
        self._memory: dict[int, Any] = {}

    def read(self, row: int, tokens: Sequence[int], known: int) -> torch.Tensor:
        output = self._model(
            input_ids=torch.tensor([list(tokens)], device=self._model.device),
            past_key_values=self._memory[row] if known else None,
            use_cache=True,
            **self._options,
        )
        self._memory[row] = output.past_key_values
        scores: torch.Tensor = output.logits[0, -1].float()
        return scores

    def add(self, tokens: Sequence[int], known: Sequence[int]) -> torch.Tensor:
        pairs = zip(tokens, known, strict=True)
        return torch.stack(
            [self.read(row, [token], length) for row, (token, length) in enumerate(pairs)]
        )

    def copy(self, source: int, target: int, length: int) -> None:
        raise NotImplementedError("rows of single passes begin empty")

    def move(self, source: int, target: int, length: int) -> None:
        self._memory[target] = self._memory.pop(source)


def passes_for(model: Any) -> type[JointPasses] | type[SinglePasses]:
    """Joint passes if this model gives the same scores with them, which is tried; else single."""
    try:
        with torch.inference_mode():
            fits = _agree(model)
    except Exception:  # the model's code does not expect our memory: any error says so
        fits = False
    return JointPasses if fits else SinglePasses


def _agree(model: Any) -> bool:
    vocabulary = int(model.get_input_embeddings().num_embeddings)
    texts = [[(7 * n + 3) % vocabulary for n in range(length)] for length in (9, 5)]
    joint, single = JointPasses(model), SinglePasses(model)
    ours = [joint.read(row, text, 0) for row, text in enumerate(texts)]
    theirs = [single.read(row, text, 0) for row, text in enumerate(texts)]
    tokens, known = [5 % vocabulary, 6 % vocabulary], [9, 5]
    ours += list(joint.add(tokens, known))
    theirs += list(single.add(tokens, known))
    shares = torch.stack(ours).softmax(-1) - torch.stack(theirs).softmax(-1)
    return float(shares.abs().max()) <= _TOLERANCE


def _options(model: Any) -> dict[str, Any]:
    # Scores of the last position only: those of a long prompt would take gigabytes.
    known = inspect.signature(model.forward).parameters
    return {"logits_to_keep": 1} if "logits_to_keep" in known else {}
