"""Sentence embeddings of the base model, computed once per split and kept in the run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.recipes.loading import load_base, load_tokenizer
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_encoding import encode, run_batches

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

__all__ = ["EmbeddingCache"]

_MAX_LENGTH = 128


class EmbeddingCache:
    """Mean-pooled, normalized token vectors of the frozen base model, shared by all heads."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def of(self, split: str, limit: int | None = None) -> NDArray[np.float32]:
        """The embeddings of the first ``limit`` texts of a split, one row per text."""
        import numpy as np

        path = self._work.folder / f"embeddings-{split}.npy"
        if not path.exists():
            vectors = self._compute(list(self._work.data.split(split).inputs["text"][:limit]))
            partial = path.with_suffix(".partial.npy")
            np.save(partial, vectors)
            partial.replace(path)
        loaded: NDArray[np.float32] = np.load(path)
        return loaded

    def _compute(self, texts: list[str]) -> NDArray[np.float32]:
        tokenizer = load_tokenizer(self._work.model_folder)
        model = load_base("AutoModel", self._work.model_folder)
        rows = encode(tokenizer, texts, None, _MAX_LENGTH)
        return run_batches(model, tokenizer, rows, _mean_pooled, self._work)


def _mean_pooled(output: Any, mask: torch.Tensor) -> torch.Tensor:
    import torch

    weights = mask.unsqueeze(-1)
    means = (output.last_hidden_state * weights).sum(1) / weights.sum(1)
    pooled: torch.Tensor = torch.nn.functional.normalize(means.float(), dim=-1)
    return pooled
