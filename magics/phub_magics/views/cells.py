"""Answers from a table, with the cells they are made of."""

from __future__ import annotations

from html import escape
from typing import Any

from phub_magics.views.answer_table import FAINT, AnswerTable

__all__ = ["CellTable"]


class CellTable(AnswerTable):
    """One ``{"answer", "cells", "coordinates", "aggregator"?}`` a question."""

    label = "Answers from the table"
    headings = ("Question", "Answer")

    def cell(self, answer: Any) -> str:
        """The answer, and where in the table it stands."""
        columns = list(self.about["table"])
        places = ", ".join(
            f"{columns[column]}, row {row + 1}" for row, column in answer["coordinates"]
        )
        said = escape(answer["answer"]) or "<em>no cell</em>"
        return f'<b>{said}</b><br><small style="{FAINT}">{escape(places)}</small>'
