"""Cheap candidates for pictures: a guess, or a small model over what the frozen model sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.recipes.image_model import load_processor, look_at
from phub_jupyter.compute.training.recipes.loading import load_base
from phub_jupyter.compute.training.recipes.text_embeddings import kept_array
from phub_jupyter.compute.training.recipes.text_heads import TextHead

if TYPE_CHECKING:
    import torch

__all__ = ["ImageHead"]


class ImageHead(TextHead):
    """The same small models as for texts, over averaged outputs of the frozen model's layers.

    They are computed once for a split, and kept in the run's folder for all heads.
    """

    def _features(self, split: str) -> Any:
        if self._candidate.family == "guess":
            return [[0.0]] * len(self._work.data.split(split))
        path = self._work.folder / f"embeddings-{split}.npy"
        return kept_array(path, lambda: self._embeddings(split))

    def _embeddings(self, split: str) -> Any:
        folder = self._work.model_folder
        model, processor = load_base("AutoModel", folder), load_processor(folder)
        return look_at(model, processor, self._rows(split), _averaged, self._work)


def _averaged(output: Any) -> torch.Tensor:
    import torch

    states = output.last_hidden_state.float()
    # Transformers give tokens with channels last, convolutions channels and then a plane.
    means = states.mean(1) if states.dim() == 3 else states.flatten(2).mean(2)
    averaged: torch.Tensor = torch.nn.functional.normalize(means, dim=-1)
    return averaged
