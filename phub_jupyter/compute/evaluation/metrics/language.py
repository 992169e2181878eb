"""Language models: how well they foresee the next token of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phub_jupyter.compute.evaluation.metrics.means import quotients
from phub_jupyter.compute.evaluation.metrics.sample import Floats, SumSample

__all__ = ["sample"]


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` are counts of tokens, ``predictions`` their summed negative logarithms."""
    table = np.column_stack([predictions, references]).astype(float)
    loss = quotients(0, 1)

    def perplexity(sums: Floats) -> Floats:
        found: Floats = np.exp(loss(sums))
        return found

    return SumSample(table, {"loss": loss, "perplexity": perplexity})
