"""What models answered, as plain JSON that shows itself in a notebook: one view a kind of task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phub_magics.views.answer_table import AnswerTable
from phub_magics.views.cells import CellTable
from phub_magics.views.entities import EntityTable
from phub_magics.views.gaps import GapTable
from phub_magics.views.labels import LabelTable
from phub_magics.views.passages import PassageTable
from phub_magics.views.similarities import SimilarityTable
from phub_magics.views.vectors import VectorTable
from phub_magics.views.writings import WritingTable

__all__ = ["VIEWS", "view_of"]

VIEWS: dict[str, type[AnswerTable]] = {
    "text-classification": LabelTable,
    "zero-shot-classification": LabelTable,
    "token-classification": EntityTable,
    "fill-mask": GapTable,
    "question-answering": PassageTable,
    "table-question-answering": CellTable,
    "sentence-similarity": SimilarityTable,
    "feature-extraction": VectorTable,
    "summarization": WritingTable,
    "translation": WritingTable,
    "text-generation": WritingTable,
}


def view_of(
    task: str, texts: Sequence[str], answers: Sequence[Any], about: Mapping[str, Any]
) -> AnswerTable:
    """The answers to ``texts``; ``about`` is what was sent beside them."""
    return VIEWS[task](texts, answers, about)
