"""What fits into the gaps of a text, as bars."""

from __future__ import annotations

from html import escape
from typing import Any

from phub_magics.views.answer_table import AnswerTable
from phub_magics.views.labels import scored

__all__ = ["GapTable"]


class GapTable(AnswerTable):
    """One list of ``{"token_str", "score", …}`` a text, or one of lists if it has several gaps."""

    label = "Words for gaps"
    headings = ("Text", "Word", "Score")

    def rows(self, text: str, answer: Any) -> str:
        """A row for each word, gap by gap."""
        gaps = answer if isinstance(answer[0], list) else [answer]
        return "".join(
            scored(
                self._title(text, number, len(gaps)),
                [(escape(entry["token_str"].strip()), entry["score"]) for entry in gap],
            )
            for number, gap in enumerate(gaps, 1)
        )

    def _title(self, text: str, number: int, count: int) -> str:
        return escape(text) + (f" <em>(gap {number})</em>" if count > 1 else "")
