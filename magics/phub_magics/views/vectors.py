"""Vectors, as their size and their first numbers."""

from __future__ import annotations

from html import escape
from typing import Any

from phub_magics.views.answer_table import FAINT, AnswerTable

__all__ = ["VectorTable"]

_NUMBERS = 6


class VectorTable(AnswerTable):
    """One vector a text, or one list of the vectors of its tokens."""

    label = "Vectors of texts"
    headings = ("Text", "Vector")

    def cell(self, answer: Any) -> str:
        """The size and the first numbers."""
        vectors = answer if isinstance(answer[0], list) else [answer]
        size = f"{len(vectors[0])} numbers"
        if vectors is answer:
            size = f"{len(vectors)} tokens × {size}"
        numbers = ", ".join(f"{number:.4f}" for number in vectors[0][:_NUMBERS])
        more = ", …" if len(vectors[0]) > _NUMBERS else ""
        return f'{escape(size)}<br><code style="{FAINT}">[{numbers}{more}]</code>'
