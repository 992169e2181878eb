"""Labels with scores of texts, as a JSON list that a notebook shows as a table with bars."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

__all__ = ["LabelTable"]

_SHOWN = 50
_TEXT = "color:var(--jp-ui-font-color1,inherit);"
_FAINT = "color:var(--jp-ui-font-color2,inherit);"
_CELL = "text-align:left;vertical-align:top;padding:4px 12px 4px 0;white-space:normal;"
_TRACK = (
    "display:inline-block;vertical-align:middle;width:12em;height:.7em;border-radius:2px;"
    "background:var(--jp-layout-color3,#bdbdbd);overflow:hidden;"
)
_BAR = "display:block;height:100%;background:var(--jp-brand-color1,#1976d2);width:"


class LabelTable(list[list[dict[str, Any]]]):
    """One list of ``{"label", "score"}`` a text, best first: plain JSON that shows itself."""

    def __init__(self, texts: Sequence[str], answers: Sequence[list[dict[str, Any]]]) -> None:
        super().__init__(answers)
        self._texts = list(texts)

    def _repr_html_(self) -> str:
        pairs = list(zip(self._texts, self, strict=True))
        rows = "".join(_row(text, labels) for text, labels in pairs[:_SHOWN])
        more = len(pairs) - _SHOWN
        note = f'<p style="{_FAINT}">{more} more texts are in the result.</p>' if more > 0 else ""
        return (
            f'<table style="{_TEXT}border-collapse:collapse;max-width:60em" '
            'aria-label="Labels with scores">'
            f'<thead><tr><th scope="col" style="{_CELL}">Text</th>'
            f'<th scope="col" style="{_CELL}">Label</th>'
            f'<th scope="col" style="{_CELL}">Score</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>{note}"
        )


def _row(text: str, labels: Sequence[dict[str, Any]]) -> str:
    share = all(0 <= entry["score"] <= 1 for entry in labels)
    lines = []
    for index, entry in enumerate(labels):
        head = (
            f'<th scope="row" rowspan="{len(labels)}" style="{_CELL}font-weight:normal">'
            f"{escape(text)}</th>"
        )
        weight = "font-weight:bold" if index == 0 else ""
        lines.append(
            f"<tr>{head if index == 0 else ''}"
            f'<td style="{_CELL}{weight}">{escape(str(entry["label"]))}</td>'
            f'<td style="{_CELL}white-space:nowrap">{_score(entry["score"], share)}</td></tr>'
        )
    return "".join(lines)


def _score(score: float, share: bool) -> str:
    if not share:
        return f"{score:.4g}"
    percent = f"{100 * score:.1f}"
    bar = f'<span style="{_TRACK}" aria-hidden="true"><span style="{_BAR}{percent}%"></span></span>'
    return f"{bar} {percent} %"
