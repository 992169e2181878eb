"""Learning curves as a picture for a notebook or a card, and as a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from phub_jupyter.compute.training.curves import Curve, Points

__all__ = ["learning_chart", "learning_picture", "sparkline"]

# Readable on white as on black.
_COLORS = ("#1e88e5", "#e67700", "#2e9e4f", "#c2409a", "#8a63d2", "#0c98a8")
_TEXT = "var(--jp-ui-font-color1,currentColor)"
_FAINT = "var(--jp-ui-font-color2,#777)"
_WIDE, _HIGH, _LEFT, _TOP, _GAP, _LINE = 230, 120, 56, 24, 90, 18
_WIDTH = _LEFT + 2 * _WIDE + _GAP + 12
_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 24
_STYLE = (
    "<style>:root{--jp-ui-font-color1:#1f2328;--jp-ui-font-color2:#656d76}"
    "@media (prefers-color-scheme:dark){"
    ":root{--jp-ui-font-color1:#e6edf3;--jp-ui-font-color2:#9198a1}}</style>"
)


def learning_chart(curves: Sequence[Curve], metric: str) -> str:
    """Training loss on the left, validation scores on the right; it takes the page's colours."""
    return _svg(curves, metric, "")


def learning_picture(curves: Sequence[Curve], metric: str) -> str:
    """The same as a file, which follows what the reader prefers, light or dark."""
    return _svg(curves, metric, _STYLE) + "\n"


def sparkline(points: Points) -> str:
    """A row of bars for a terminal, with the first and the last value."""
    if not points:
        return ""
    step = max(1, -(-len(points) // _MOST_BARS))
    values = [value for _, value in points[::-1][::step][::-1]]
    low, high = min(values), max(values)
    bars = "".join(_BARS[round(7 * _share(value, low, high))] for value in values)
    return f"{bars} {points[0][1]:.3g} → {points[-1][1]:.3g}"


def _svg(curves: Sequence[Curve], metric: str, style: str) -> str:
    height = _TOP + _HIGH + 2 * _LINE + _LINE * len(curves)
    said = f"Learning curves: training loss and validation {metric} by step"
    right = _LEFT + _WIDE + _GAP
    marks = [
        *_panel(_LEFT, "Training loss", [curve.loss for curve in curves], dots=False),
        *_panel(right, f"Validation {metric}", [curve.validation for curve in curves], dots=True),
    ]
    for number, curve in enumerate(curves):
        y = _TOP + _HIGH + 2 * _LINE + _LINE * number
        name = f"{curve.name} (best)" if curve.winner else curve.name
        marks.append(f'<path d="M{_LEFT} {y - 4}h24" {_pen(number)}/>')
        marks.append(_label(_LEFT + 32, y, name, "start"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(said)}" '
        f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'style="max-width:100%;font:12px var(--jp-ui-font-family,sans-serif)">'
        f"{style}<title>{escape(said)}</title>{''.join(marks)}</svg>"
    )


def _panel(left: int, title: str, lines: Sequence[Points], *, dots: bool) -> list[str]:
    """Two axes with their ends named, and one line for each candidate that has points."""
    bottom = _TOP + _HIGH
    every = [point for line in lines for point in line]
    marks = [
        f'<path d="M{left} {_TOP}V{bottom}H{left + _WIDE}" fill="none" stroke="{_FAINT}"/>',
        _label(left, _TOP - 10, title, "start"),
    ]
    if not every:
        return marks
    last = max(step for step, _ in every)
    low, high = min(value for _, value in every), max(value for _, value in every)
    marks += [
        _label(left - 6, bottom, f"{low:.3g}", "end"),
        _label(left + _WIDE, bottom + 14, f"{last} steps", "end"),
    ]
    if high > low:
        marks.append(_label(left - 6, _TOP + 10, f"{high:.3g}", "end"))
    for number, line in enumerate(lines):
        places = [
            (left + _WIDE * step / max(1, last), bottom - _HIGH * _share(value, low, high))
            for step, value in line
        ]
        if places:
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
            marks.append(f'<path d="M{path}" {_pen(number)}/>')
        if dots or len(places) == 1:
            marks += [
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_color(number)}"/>'
                for x, y in places
            ]
    return marks


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def _color(number: int) -> str:
    return _COLORS[number % len(_COLORS)]


def _pen(number: int) -> str:
    """A colour for each candidate; dashes where the colours begin again."""
    dashes = ("", "6 3", "2 3")[number // len(_COLORS) % 3]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'fill="none" stroke="{_color(number)}" stroke-width="1.5"{dashed}'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{_TEXT}">{escape(text)}</text>'
