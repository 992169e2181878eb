"""How close sentences are to another, the closest first."""

from __future__ import annotations

from html import escape
from typing import Any

from phub_magics.views.answer_table import AnswerTable
from phub_magics.views.labels import scored

__all__ = ["SimilarityTable"]


class SimilarityTable(AnswerTable):
    """One list of numbers a source sentence, in the order of the sentences it is compared with."""

    label = "Similar sentences"
    headings = ("Sentence", "Compared with", "Similarity")

    def rows(self, text: str, answer: Any) -> str:
        """A row for each sentence."""
        pairs = zip(self.about["sentences"], answer, strict=True)
        ranked = sorted(pairs, key=lambda pair: pair[1], reverse=True)
        return scored(escape(text), [(escape(sentence), score) for sentence, score in ranked])
