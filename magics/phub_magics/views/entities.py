"""Entities, marked where they stand in the text."""

from __future__ import annotations

from html import escape
from typing import Any

from phub_magics.views.answer_table import CELL, FAINT, MARK, AnswerTable

__all__ = ["EntityTable"]

_LONGEST = 20_000


class EntityTable(AnswerTable):
    """One list of ``{"entity_group" or "entity", "score", "word", "start", "end"}`` a text."""

    label = "Texts with their entities"
    headings = ("Text with entities",)

    def rows(self, text: str, answer: Any) -> str:
        """One row: the text with marks."""
        return f'<tr><td style="{CELL}line-height:1.8">{_marked(text, answer)}</td></tr>'


def _marked(text: str, entities: list[dict[str, Any]]) -> str:
    parts, done = [], 0
    for entity in sorted(entities, key=lambda entity: int(entity["start"])):
        start, end = entity["start"], entity["end"]
        if start < done or end > _LONGEST:
            continue
        parts.append(escape(text[done:start]))
        kind = escape(str(entity.get("entity_group", entity.get("entity"))))
        hint = f"{kind}, {100 * entity['score']:.1f} %"
        parts.append(
            f'<mark style="{MARK}" title="{hint}">{escape(text[start:end])} '
            f'<small style="{FAINT}font-weight:bold">{kind}</small></mark>'
        )
        done = end
    rest = text[done:_LONGEST] + ("…" if len(text) > _LONGEST else "")
    return "".join(parts) + escape(rest)
