"""Answers to questions, marked where they stand in the text."""

from __future__ import annotations

from html import escape
from typing import Any

from phub_magics.views.answer_table import FAINT, MARK, AnswerTable, bar

__all__ = ["PassageTable"]

_AROUND = 160


class PassageTable(AnswerTable):
    """One ``{"answer", "score", "start", "end"}`` a question, or a list of them."""

    label = "Answers in their context"
    headings = ("Question", "Answer")

    def cell(self, answer: Any) -> str:
        """Each answer with what stands around it."""
        answers = answer if isinstance(answer, list) else [answer]
        context = self.about["context"]
        return "".join(f"<div>{_passage(context, found)}</div>" for found in answers)


def _passage(context: str, found: dict[str, Any]) -> str:
    score = bar(found["score"])
    if not found["answer"]:
        return f"<em>no answer</em> {score}"
    start, end = found["start"], found["end"]
    first, last = max(0, start - _AROUND), min(len(context), end + _AROUND)
    before = ("…" if first else "") + context[first:start]
    after = context[end:last] + ("…" if last < len(context) else "")
    return (
        f'{score}<br><span style="{FAINT}">{escape(before)}</span>'
        f'<mark style="{MARK}font-weight:bold">{escape(context[start:end])}</mark>'
        f'<span style="{FAINT}">{escape(after)}</span>'
    )
