"""Sentence embeddings of the base model, computed once per split and kept in the run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.encoding import encode, run_batches
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.examples import Splits

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

__all__ = ["EmbeddingCache"]

_MAX_LENGTH = 128


class EmbeddingCache:
    """Mean-pooled, normalized token vectors of the frozen base model, shared by all heads."""

    def __init__(
        self,
        folder: Path,
        model_folder: Path,
        splits: Splits,
        engine: Engine,
        before_batch: Callable[[], object],
    ) -> None:
        self._folder = folder
        self._model_folder = model_folder
        self._splits = splits
        self._engine = engine
        self._before_batch = before_batch

    def of(self, split: str, limit: int | None = None) -> NDArray[np.float32]:
        """The embeddings of the first ``limit`` texts of a split, one row per text."""
        import numpy as np

        path = self._folder / f"embeddings-{split}.npy"
        if not path.exists():
            vectors = self._compute(getattr(self._splits, split).texts[:limit])
            partial = path.with_suffix(".partial.npy")
            np.save(partial, vectors)
            partial.replace(path)
        loaded: NDArray[np.float32] = np.load(path)
        return loaded

    def _compute(self, texts: list[str]) -> NDArray[np.float32]:
        from transformers import AutoModel, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(self._model_folder)
        model = AutoModel.from_pretrained(self._model_folder)
        rows = encode(tokenizer, texts, None, _MAX_LENGTH)
        return run_batches(model, tokenizer, rows, self._engine, _mean_pooled, self._before_batch)


def _mean_pooled(output: Any, mask: torch.Tensor) -> torch.Tensor:
    import torch

    weights = mask.unsqueeze(-1)
    means = (output.last_hidden_state * weights).sum(1) / weights.sum(1)
    pooled: torch.Tensor = torch.nn.functional.normalize(means.float(), dim=-1)
    return pooled
