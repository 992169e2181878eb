"""Predictions for the rows of a table, beside the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from phub_magics.views.answer_table import CELL, AnswerTable, heading

__all__ = ["PredictionTable"]


class PredictionTable(AnswerTable):
    """One class or number a row of the table."""

    label = "Predictions"

    def __init__(
        self, texts: Sequence[str], answers: Sequence[Any], about: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(texts, answers, about)
        self._columns: dict[str, list[Any]] = self.about["table"]
        self.headings = ("Row", "Prediction", *(escape(name) for name in self._columns))

    def rows(self, text: str, answer: Any) -> str:
        """One row: its number, the prediction, and what it was made from."""
        row = int(text) - 1
        cells = "".join(
            f'<td style="{CELL}">{escape(str(values[row]))}</td>'
            for values in self._columns.values()
        )
        said = f"{answer:.6g}" if isinstance(answer, float) else str(answer)
        return f'<tr>{heading(text)}<td style="{CELL}"><b>{escape(said)}</b></td>{cells}</tr>'
