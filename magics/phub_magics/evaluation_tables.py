"""The tables of a report as rows of text, which HTML and plain text both show."""

from __future__ import annotations

from collections.abc import Sequence

from phub_jupyter.compute.evaluation.metrics import interval, shown
from phub_jupyter.compute.evaluation.report import Comparison, ModelReport, Report

__all__ = ["Rows", "headline", "score_rows", "slice_rows", "worst_rows"]

Rows = tuple[Sequence[str], list[Sequence[str]]]
"""The headings, then the rows."""

_SHORT = 100


def headline(report: Report, dataset: str) -> str:
    """What was evaluated on what."""
    left_out = f" ({report.left_out:,} left out: no input or no label)" if report.left_out else ""
    columns = ", ".join(f"{role} from '{name}'" for role, name in report.columns.items())
    return (
        f"{report.task} on {dataset}, split '{report.split}', {report.rows:,} rows{left_out}; "
        f"{columns}."
    )


def score_rows(report: Report) -> Rows:
    """A line a metric: each model's value with its interval, and how far it is from the first."""
    apart = {(each.model, each.metric): each for each in report.comparisons}
    rows: list[Sequence[str]] = []
    for name in report.metrics:
        metric = report.metric(name)
        cells = [metric.label if metric.higher_is_better else f"{metric.label} (less is better)"]
        for model in report.models:
            score = model.scores[name]
            between = interval(metric, score)
            cell = f"{shown(metric, score)} [{between}]" if between else shown(metric, score)
            cells.append(cell + _difference(apart.get((model.model, name)), metric.unit == "share"))
        rows.append(cells)
    return ("Metric", *(model.model for model in report.models)), rows


def _difference(found: Comparison | None, share: bool) -> str:
    if found is None or found.difference != found.difference:
        return ""
    value = f"{100 * found.difference:+.1f}" if share else f"{found.difference:+.3g}"
    return f" ({value}{'*' if found.significant else ''})"


def slice_rows(report: Report, model: ModelReport) -> Rows:
    """A line a slice, with the first metrics."""
    names = list(report.metrics)[:3]
    rows: list[Sequence[str]] = [
        (part.name, f"{part.rows:,}", *(shown(report.metric(n), part.scores[n]) for n in names))
        for part in model.slices
    ]
    return (report.slice_by.capitalize(), "Rows", *(report.metric(n).label for n in names)), rows


def worst_rows(model: ModelReport) -> Rows:
    """A line a mistake, the worst first."""
    sure = any(mistake.certainty is not None for mistake in model.worst)
    rows: list[Sequence[str]] = []
    for mistake in model.worst:
        line = [str(mistake.row), _short(mistake.input), mistake.reference, mistake.prediction]
        if sure:
            line.append("" if mistake.certainty is None else f"{100 * mistake.certainty:.0f} %")
        rows.append([_short(cell) for cell in line])
    headings = ("Row", "Input", "Right", "Said", *(("Sure",) if sure else ()))
    return headings, rows


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHORT else f"{flat[: _SHORT - 1]}…"
