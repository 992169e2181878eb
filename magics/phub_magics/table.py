"""A small table that shows itself: HTML in a notebook, aligned text elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from phub_magics.views.answer_table import CELL, TEXT

__all__ = ["Table"]


class Table:
    """Rows of texts under headings; ``empty`` is said when there are none."""

    def __init__(
        self, label: str, headings: Sequence[str], rows: Sequence[Sequence[str]], empty: str
    ) -> None:
        self.rows = [tuple(row) for row in rows]
        self._label = label
        self._headings = tuple(headings)
        self._empty = empty

    def __repr__(self) -> str:
        if not self.rows:
            return self._empty
        lines = [self._headings, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self._headings))]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{escape(self._empty)}</p>"
        head = "".join(f'<th scope="col" style="{CELL}">{escape(h)}</th>' for h in self._headings)
        rows = "".join(
            "<tr>" + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in self.rows
        )
        return (
            f'<table style="{TEXT}border-collapse:collapse" aria-label="{escape(self._label)}">'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )
