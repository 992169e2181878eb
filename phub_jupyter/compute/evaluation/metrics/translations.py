"""Translations, compared as sacrebleu does: BLEU, chrF and TER over all rows together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phub_jupyter.compute.evaluation.metrics.sample import Floats, Formula, SumSample
from phub_jupyter.compute.evaluation.metrics.texts import alternatives

__all__ = ["sample"]


def sample(references: Sequence[Any], predictions: Sequence[Any]) -> SumSample:
    """``references`` are texts or lists of texts."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    rows = [alternatives(right) or [""] for right in references]
    most = max(map(len, rows))
    streams = [[row[k] if k < len(row) else None for row in rows] for k in range(most)]
    said = list(map(str, predictions))
    tables: list[Floats] = []
    formulas: dict[str, Formula] = {}
    first = 0
    scorers: dict[str, Any] = {"bleu": BLEU(force=True), "chrf": CHRF(), "ter": TER()}
    for name, metric in scorers.items():
        # What sacrebleu's own significance tests do: sum up statistics of rows, then score those.
        table: Floats = np.asarray(metric._extract_corpus_statistics(said, streams), dtype=float)
        formulas[name] = _corpus_score(metric, first, first + table.shape[1])
        tables.append(table)
        first += table.shape[1]
    return SumSample(np.hstack(tables), formulas)


def _corpus_score(metric: Any, first: int, last: int) -> Formula:
    def formula(sums: Floats) -> Floats:
        lines = sums[:, first:last].tolist()
        return np.asarray([float(metric._compute_score_from_stats(line).score) for line in lines])

    return formula
