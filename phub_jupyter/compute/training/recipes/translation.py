"""Translation: a text in one language in, the same in another out."""

from __future__ import annotations

from phub_jupyter.compute.training.recipes.writing import Writing

__all__ = ["RECIPE"]

RECIPE = Writing("translation", ("chrf", "bleu"), (128, 256), "copy")
