"""Labels with scores, as bars."""

from __future__ import annotations

from html import escape
from typing import Any

from phub_magics.views.answer_table import CELL, AnswerTable, bar, heading

__all__ = ["LabelTable", "scored"]


class LabelTable(AnswerTable):
    """One list of ``{"label", "score"}`` a text, best first."""

    label = "Labels with scores"
    headings = ("Text", "Label", "Score")

    def rows(self, text: str, answer: Any) -> str:
        """A row for each label."""
        return scored(self.shown(text), [(escape(str(e["label"])), e["score"]) for e in answer])


def scored(first: str, lines: list[tuple[str, float]]) -> str:
    """Rows of names with scores, the best in bold, beside a cell that spans them; all HTML."""
    share = all(0 <= score <= 1 for _, score in lines)
    found = []
    for index, (name, score) in enumerate(lines):
        head = heading(first, len(lines)) if index == 0 else ""
        weight = "font-weight:bold" if index == 0 else ""
        found.append(
            f'<tr>{head}<td style="{CELL}{weight}">{name}</td>'
            f'<td style="{CELL}white-space:nowrap">{bar(score, share)}</td></tr>'
        )
    return "".join(found)
