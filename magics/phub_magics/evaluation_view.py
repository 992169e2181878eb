"""The report of an evaluation as a notebook shows it, and as text elsewhere."""

from __future__ import annotations

from html import escape
from pathlib import Path

from phub_jupyter.compute.evaluation.report import ModelReport, Report
from phub_magics.connection import Connection
from phub_magics.evaluation_charts import calibration_chart, confusion_chart
from phub_magics.evaluation_push import Pushed, push_results
from phub_magics.evaluation_sources import EvaluationSources
from phub_magics.evaluation_tables import Rows, headline, score_rows, slice_rows, worst_rows
from phub_magics.table import Table

__all__ = ["EvaluationView"]

_STYLE = "color:var(--jp-ui-font-color1,inherit)"
_FAINT = "color:var(--jp-ui-font-color2,inherit);font-size:.9em"
_MARK = "± is one standard error, in brackets the 95 % interval"
_STAR = (
    "in parentheses the difference from the first model, with * where chance alone would show "
    "such a one in less than 1 of 20 cases"
)


class EvaluationView:
    """A report that shows itself; ``push()`` commits its results to the models."""

    def __init__(
        self, report: Report, sources: EvaluationSources, folder: Path, connection: Connection
    ) -> None:
        self.report = report
        self.folder = folder
        self.pushed: list[Pushed] = []
        self._sources = sources
        self._connection = connection

    def push(self) -> EvaluationView:
        """Commit the results to the models, as a pull request where one may not write."""
        self.pushed = push_results(self._connection, self.report, self._sources)
        return self

    def __repr__(self) -> str:
        parts = [
            headline(self.report, self._dataset),
            repr(_table("Scores", score_rows(self.report))),
            f"{self._legend()}.",
        ]
        for model in self.report.models:
            parts += _text_of(self.report, model)
        parts.append(self._closing())
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        details = "".join(_html_of(self.report, model) for model in self.report.models)
        return (
            f'<div style="{_STYLE}"><p>{escape(headline(self.report, self._dataset))}</p>'
            f"{_html(_table('Scores', score_rows(self.report)))}"
            f'<p style="{_FAINT}">{escape(self._legend())}.</p>{details}'
            f'<p style="{_FAINT}">{escape(self._closing())}</p></div>'
        )

    @property
    def _dataset(self) -> str:
        return str(self._sources.dataset["repo"])

    def _legend(self) -> str:
        return f"{_MARK}; {_STAR}" if len(self.report.models) > 1 else _MARK

    def _closing(self) -> str:
        kept = f"Predictions and report are in {self.folder}."
        if not self.pushed:
            return f"{kept} Nothing was pushed; .push() or --push commits the results."
        return " ".join([kept, *(each.sentence() for each in self.pushed)])


def _table(label: str, rows: Rows) -> Table:
    headings, lines = rows
    return Table(label, headings, lines, "")


def _html(table: Table) -> str:
    return table._repr_html_()


def _text_of(report: Report, model: ModelReport) -> list[str]:
    parts = []
    if model.slices:
        table = _table("Slices", slice_rows(report, model))
        parts.append(f"{model.model} by {report.slice_by}:\n{table!r}")
    if model.worst:
        parts.append(f"Worst mistakes of {model.model}:\n{_table('Mistakes', worst_rows(model))!r}")
    return parts


def _html_of(report: Report, model: ModelReport) -> str:
    charts = []
    if model.confusion:
        charts.append(confusion_chart(model.classes, model.confusion))
    if model.calibration:
        charts.append(calibration_chart(model.calibration))
    parts = []
    if charts:
        row = "display:flex;flex-wrap:wrap;gap:24px;align-items:flex-end"
        parts.append(f'<div style="{row}">{"".join(charts)}</div>')
    if model.slices:
        parts.append(f"<h4>By {escape(report.slice_by)}</h4>")
        parts.append(_html(_table(f"Slices of {model.model}", slice_rows(report, model))))
    if model.worst:
        parts.append("<h4>Worst mistakes</h4>")
        parts.append(_html(_table(f"Worst mistakes of {model.model}", worst_rows(model))))
    if not parts:
        return ""
    is_open = " open" if len(report.models) == 1 else ""
    return f"<details{is_open}><summary>{escape(model.model)}</summary>{''.join(parts)}</details>"
