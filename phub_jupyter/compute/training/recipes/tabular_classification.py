"""Tabular classification: the columns of a row in, one of several classes out."""

from phub_jupyter.compute.training.recipes.tabular import TabularRecipe

__all__ = ["RECIPE"]

RECIPE = TabularRecipe("tabular-classification", ("accuracy", "f1"))
