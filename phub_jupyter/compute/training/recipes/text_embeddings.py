"""Sentence embeddings of the base model, computed once per split and kept in the run folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.data import Rows
from phub_jupyter.compute.training.recipes.loading import load_base, load_tokenizer
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.text_encoding import encode, run_batches

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

__all__ = ["EmbeddingCache", "kept_array"]

_MAX_LENGTH = 128


def kept_array(path: Path, make: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """The array in a file, which is made if it is not there; workers may all make it at once."""
    import numpy as np

    if not path.exists():
        array = make()
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".partial", delete=False) as file:
            np.save(file, array)
        Path(file.name).replace(path)
    loaded: NDArray[np.float32] = np.load(path)
    return loaded


class EmbeddingCache:
    """Mean-pooled, normalized token vectors of the frozen base model, shared by all heads."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def of(self, split: str, rows: Rows) -> NDArray[np.float32]:
        """The embeddings of the texts in ``rows``, which are always the same of a split."""
        return kept_array(
            self._work.folder / f"embeddings-{split}.npy",
            lambda: self._compute(list(rows.inputs["text"])),
        )

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
