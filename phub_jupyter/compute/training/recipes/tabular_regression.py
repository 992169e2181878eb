"""Tabular regression: the columns of a row in, a number out."""

from phub_jupyter.compute.training.recipes.tabular import TabularRecipe

__all__ = ["RECIPE"]

RECIPE = TabularRecipe("tabular-regression", ("rmse", "mae", "r2"))
