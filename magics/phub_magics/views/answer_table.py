"""A list of answers that a notebook shows as a table; every view is one of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from phub_magics.views.previews import FileKind, preview

__all__ = ["CELL", "FAINT", "MARK", "TEXT", "AnswerTable", "bar", "heading"]

_SHOWN = 50
TEXT = "color:var(--jp-ui-font-color1,inherit);"
FAINT = "color:var(--jp-ui-font-color2,inherit);"
CELL = (
    "text-align:left;vertical-align:top;padding:4px 12px 4px 0;white-space:normal;"
    "unicode-bidi:plaintext;"  # every text in its own direction
)
MARK = (
    "color:inherit;border-radius:3px;padding:1px 3px;"
    "background:var(--jp-rendermime-table-row-hover-background,#1976d233);"
    "border-bottom:2px solid var(--jp-brand-color1,#1976d2);"
)
_TRACK = (
    "display:inline-block;vertical-align:middle;width:12em;height:.7em;border-radius:2px;"
    "background:var(--jp-layout-color3,#bdbdbd);overflow:hidden;"
)
_BAR = "display:block;height:100%;background:var(--jp-brand-color1,#1976d2);width:"


class AnswerTable(list[Any]):
    """One answer a text: plain JSON that shows itself.

    With ``files`` the texts are paths of pictures or sounds.
    """

    label = "Answers"
    files: FileKind | None = None
    headings: tuple[str, ...] = ("Text", "Answer")

    def __init__(
        self,
        texts: Sequence[str],
        answers: Sequence[Any],
        about: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(answers)
        self._texts = list(texts)
        self.about = dict(about or {})

    def rows(self, text: str, answer: Any) -> str:
        """The table's rows for one text, as HTML."""
        cell = f'<td style="{CELL}">{self.cell(answer)}</td>'
        return f"<tr>{heading(self.shown(text))}{cell}</tr>"

    def shown(self, text: str) -> str:
        """What was asked about, as HTML: a text as it is, a picture or sound as a preview."""
        return preview(text, self.files) if self.files else escape(text)

    def cell(self, answer: Any) -> str:
        """An answer as HTML, for views that show the text beside it."""
        return escape(str(answer))

    def _repr_html_(self) -> str:
        pairs = list(zip(self._texts, self, strict=True))
        body = "".join(self.rows(text, answer) for text, answer in pairs[:_SHOWN])
        more = len(pairs) - _SHOWN
        note = f'<p style="{FAINT}">{more} more texts are in the result.</p>' if more > 0 else ""
        head = "".join(f'<th scope="col" style="{CELL}">{name}</th>' for name in self.headings)
        return (
            f'<table style="{TEXT}border-collapse:collapse;max-width:60em" '
            f'aria-label="{self.label}"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>{note}"
        )


def heading(content: str, rows: int = 1) -> str:
    """The first cell of ``rows`` rows, with HTML in it."""
    span = f' rowspan="{rows}"' if rows > 1 else ""
    return f'<th scope="row"{span} style="{CELL}font-weight:normal">{content}</th>'


def bar(score: float, share: bool = True) -> str:
    """A score as a bar with its number; only as a number if it is no ``share`` of one."""
    if not share:
        return f"{score:.4g}"
    percent = f"{100 * score:.1f}"
    track = (
        f'<span style="{_TRACK}" aria-hidden="true"><span style="{_BAR}{percent}%"></span></span>'
    )
    return f"{track} {percent} %"
