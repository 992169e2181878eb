"""Summarization: a text in, a shorter one out."""

from __future__ import annotations

from phub_jupyter.compute.training.recipes.writing import Writing

__all__ = ["RECIPE"]

RECIPE = Writing("summarization", ("rougeL", "rouge1", "rouge2"), (512, 256), "lead")
