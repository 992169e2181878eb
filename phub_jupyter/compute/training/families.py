"""The families of candidates: how a task can be solved, from cheapest to dearest.

A task's recipe says which of them it has; the table says what the race needs to know of each.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True, slots=True)
class Family:
    """One way to solve a task.

    ``publishable``: its result is a model that others can load; the rest are there to be beaten.
    ``stepwise``: it trains in steps and is compared on the way; the rest are fitted at one go.
    """

    name: str
    label: str
    publishable: bool
    stepwise: bool


_ROWS = (
    Family("guess", "No model", publishable=False, stepwise=False),
    Family("lookup", "Most frequent tag of each word", publishable=False, stepwise=False),
    Family("overlap", "Word overlap", publishable=False, stepwise=False),
    Family("lead", "First words of the text", publishable=False, stepwise=False),
    Family("copy", "The text as it is", publishable=False, stepwise=False),
    Family("ngrams", "Counted token sequences", publishable=False, stepwise=False),
    Family("cosine", "TF-IDF cosine", publishable=False, stepwise=False),
    Family("unchanged", "Base model as it is", publishable=False, stepwise=False),
    Family("words", "TF-IDF words + linear model", publishable=False, stepwise=False),
    Family("characters", "TF-IDF characters + linear model", publishable=False, stepwise=False),
    Family("embeddings", "Frozen embeddings + linear model", publishable=False, stepwise=False),
    Family("linear", "Linear model", publishable=True, stepwise=False),
    Family("forest", "Random forest", publishable=True, stepwise=False),
    Family("boosting", "Gradient boosting", publishable=True, stepwise=False),
    Family("lora", "LoRA", publishable=True, stepwise=True),
    Family("full", "Fine-tune", publishable=True, stepwise=True),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _ROWS}
"""All families by name."""
