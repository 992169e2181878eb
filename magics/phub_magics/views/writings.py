"""What models wrote: summaries, translations, continuations."""

from __future__ import annotations

from html import escape
from typing import Any

from phub_magics.views.answer_table import AnswerTable

__all__ = ["WritingTable"]

_NAMES = ("generated_text", "summary_text", "translation_text", "text")


class WritingTable(AnswerTable):
    """One object with the text under ``generated_text``, ``summary_text`` or the like."""

    label = "Written texts"
    headings = ("Text", "Written")

    def cell(self, answer: Any) -> str:
        """The text, with its line breaks."""
        written = next((answer[name] for name in _NAMES if name in answer), "")
        return f'<span style="white-space:pre-wrap">{escape(str(written))}</span>'
