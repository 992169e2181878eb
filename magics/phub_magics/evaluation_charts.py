"""Small charts as inline SVG that take the colours of the page, light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from phub_jupyter.compute.evaluation.report import Bin

__all__ = ["calibration_chart", "confusion_chart"]

_COLOR = "var(--jp-brand-color1,#1976d2)"
_FAINT = "var(--jp-ui-font-color2,#777)"
_TEXT = "var(--jp-ui-font-color1,currentColor)"
_CELL = 44
_NUMBERS_UP_TO = 15
_LONGEST_NAME = 18
_SIDE = 200


def confusion_chart(classes: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """What is right downwards, what was said to the right; darker is more of the line."""
    size = _CELL if len(classes) <= _NUMBERS_UP_TO else 14
    left, top = 8 + 7 * min(_LONGEST_NAME, max(map(len, classes))), 8 + 7 * _LONGEST_NAME
    marks = []
    for row, line in enumerate(counts):
        whole = max(1, sum(line))
        y = top + row * size
        marks.append(_label(left - 6, y + size / 2 + 4, classes[row], "end"))
        for column, count in enumerate(line):
            x = left + column * size
            marks.append(
                f'<rect x="{x}" y="{y}" width="{size - 1}" height="{size - 1}" fill="{_COLOR}" '
                f'fill-opacity="{0.06 + 0.74 * count / whole:.2f}"><title>'
                f"{escape(classes[row])} taken for {escape(classes[column])}: {count}"
                "</title></rect>"
            )
            if len(classes) <= _NUMBERS_UP_TO:
                marks.append(_label(x + size / 2, y + size / 2 + 4, str(count), "middle"))
    for column, name in enumerate(classes):
        middle = left + column * size + size / 2 + 4
        marks.append(_label(middle, top - 6, name, "start", turned=True))
    width, height = left + len(classes) * size + 4, top + len(classes) * size + 4
    said = "Confusion matrix: right classes downwards, what the model said to the right"
    return _svg(width, height, said, marks)


def calibration_chart(bins: Sequence[Bin]) -> str:
    """How often the model was right, by how sure it was; on the diagonal is as it should be."""
    side, edge = _SIDE, 34
    bottom = side + 8
    marks = [
        f'<path d="M{edge} 8V{bottom}H{edge + side}" fill="none" stroke="{_FAINT}"/>',
        f'<path d="M{edge} {bottom}L{edge + side} 8" stroke="{_FAINT}" stroke-dasharray="4 4"/>',
        _label(edge + side / 2, bottom + 28, "how sure", "middle"),
        _label(edge - 4, bottom + 4, "0", "end"),
        _label(edge - 4, 14, "100 %", "end"),
        _label(edge + side, bottom + 14, "100 %", "end"),
        _label(edge + 4, 14, "right", "start"),
    ]
    most = max(part.rows for part in bins)
    for part in bins:
        x, y = edge + side * part.certainty, bottom - side * part.right
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 6 * (part.rows / most) ** 0.5:.1f}" '
            f'fill="{_COLOR}" fill-opacity=".75"><title>{part.rows} rows: '
            f"{100 * part.certainty:.0f} % sure, {100 * part.right:.0f} % right</title></circle>"
        )
    said = "Calibration: how often the model was right, by how sure it was"
    return _svg(edge + side + 12, bottom + 36, said, marks)


def _label(x: float, y: float, text: str, anchor: str, *, turned: bool = False) -> str:
    short = text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"
    turn = f' transform="rotate(-60 {x:g} {y:g})"' if turned else ""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{_TEXT}"{turn}>'
        f"{escape(short)}</text>"
    )


def _svg(width: float, height: float, said: str, marks: Sequence[str]) -> str:
    return (
        f'<svg role="img" aria-label="{said}" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" style="font:12px var(--jp-ui-font-family,sans-serif)">'
        f"<title>{said}</title>{''.join(marks)}</svg>"
    )
