"""The table of a run: built from its record alone, as HTML and as plain text."""

from __future__ import annotations

from html import escape

from phub_jupyter.compute.training.curves import learning_curves
from phub_jupyter.compute.training.memory import Smaller
from phub_jupyter.compute.training.scores import shown
from phub_jupyter.compute.training.state import CandidateState, RunState
from phub_magics.learning_chart import learning_chart, sparkline

__all__ = ["as_html", "as_text", "scores_line"]

_TEXT = "color:var(--jp-ui-font-color1,inherit);"
_FAINT = "color:var(--jp-ui-font-color2,inherit);font-size:.9em;"
_CELL = (
    "text-align:left;vertical-align:top;padding:4px 16px 4px 0;"
    "border-bottom:1px solid var(--jp-border-color2,#9e9e9e55);"
)
_NUMBER = f"{_CELL}white-space:nowrap;font-variant-numeric:tabular-nums;"
_TRACK = (
    "display:inline-block;vertical-align:middle;width:9em;height:.7em;border-radius:2px;"
    "background:var(--jp-layout-color3,#bdbdbd);overflow:hidden;margin-right:.5em;"
)
_BAR = "display:block;height:100%;background:var(--jp-brand-color1,#1976d2);width:"
_BASELINE_WON = "A cheap baseline was at least as good as the best candidate: consider using it."
_WORDS = {"paused": "waiting for the others", "running": "training"}
_RUN_WORDS = {"stopped": "stopped, can be resumed", "waiting": "starting"}


def as_html(state: RunState, run: str) -> str:
    """The table for a notebook, readable in light and dark themes."""
    head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in _headings(state))
    rows = "".join(_html_row(state, row) for row in state.candidates.values())
    return (
        f'<div style="{_TEXT}">'
        f'<div style="padding-bottom:4px">{escape(_headline(state, run))}</div>'
        f'<table style="{_TEXT}border-collapse:collapse" aria-label="Candidates of {escape(run)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f'<div style="{_FAINT}">Scores on the validation rows, ± one standard error.</div>'
        f"{_html_remark(state)}{_html_curves(state)}</div>"
    )


def as_text(state: RunState, run: str) -> str:
    """The table for a terminal."""
    rows = [_headings(state)]
    for row in state.candidates.values():
        rows.append(
            (
                row.candidate.name,
                _status(state, row),
                _progress(row),
                *(shown(metric, row.validation) for metric in state.metrics),
                _time(row.seconds),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    remarks = [_BASELINE_WON] if state.baseline_wins else []
    remarks += [_noise(state)] if state.as_good else []
    remarks += state.remarks
    curves = [f"{curve.name}: loss {sparkline(curve.loss)}" for curve in learning_curves(state)]
    return "\n".join([_headline(state, run), *lines, *remarks, *curves])


def scores_line(state: RunState, row: CandidateState) -> str:
    """One candidate's last scores, for a terminal while the run goes on."""
    name = state.metric.label.lower()
    return f"{row.candidate.name}: {name} {shown(state.metric, row.validation)} ({_progress(row)})"


def _headings(state: RunState) -> tuple[str, ...]:
    return ("Candidate", "State", "Progress", *(metric.label for metric in state.metrics), "Time")


def _headline(state: RunState, run: str) -> str:
    if not state.started:
        return f"Run {run}: starting"
    rows = ", ".join(f"{number:,} {name}" for name, number in state.started["rows"].items())
    engine = ""
    if state.engine:
        numbers = "bfloat16" if state.engine["bf16"] else "float32"
        engine = f"; {state.engine['device']}, {state.engine['threads']} threads, {numbers}"
    return f"Run {run}: {_RUN_WORDS.get(state.status, state.status)} ({rows} rows{engine})"


def _html_remark(state: RunState) -> str:
    won = f"<div><strong>{_BASELINE_WON}</strong></div>" if state.baseline_wins else ""
    said = [_noise(state)] if state.as_good else []
    return won + "".join(f"<div>{escape(line)}</div>" for line in [*said, *state.remarks])


def _html_curves(state: RunState) -> str:
    curves = learning_curves(state)
    if not curves:
        return ""
    return f'<div style="padding-top:8px">{learning_chart(curves, state.metric.label)}</div>'


def _noise(state: RunState) -> str:
    names = ", ".join(row.candidate.name for row in state.as_good)
    return f"Within noise of the best on {state.metric.label.lower()}: {names}."


def _html_row(state: RunState, row: CandidateState) -> str:
    share = 100 * min(1.0, row.step / row.total)
    weight = "font-weight:bold" if row.candidate.id == state.winner else "font-weight:normal"
    settings = ", ".join(f"{key} {value}" for key, value in row.candidate.parameters.items())
    scores = "".join(
        f'<td style="{_NUMBER}{weight if metric == state.metric else ""}">'
        f"{shown(metric, row.validation)}</td>"
        for metric in state.metrics
    )
    bar = (
        f'<span style="{_TRACK}" role="progressbar" aria-label="{escape(row.candidate.name)}" '
        f'aria-valuenow="{share:.0f}" aria-valuemin="0" aria-valuemax="100">'
        f'<span style="{_BAR}{share:.0f}%"></span></span>'
    )
    return (
        f'<tr><th scope="row" style="{_CELL}{weight}">{escape(row.candidate.name)}'
        f'<div style="{_FAINT}font-weight:normal">{escape(settings)}</div></th>'
        f'<td style="{_CELL}">{escape(_status(state, row))}</td>'
        f'<td style="{_NUMBER}">{bar}{_progress(row)}</td>'
        f"{scores}"
        f'<td style="{_NUMBER}">{_time(row.seconds)}</td></tr>'
    )


def _status(state: RunState, row: CandidateState) -> str:
    if row.candidate.id == state.winner:
        return "best"
    if row.candidate.id == state.baseline:
        return "best cheap baseline"
    word = _WORDS.get(row.status, row.status)
    if state.status != "running" and row.status in ("running", "paused"):
        word = "paused"
    if row.reason:
        return f"{word}: {row.reason}"
    return f"{word} ({row.memory.sentence()})" if row.memory != Smaller() else word


def _progress(row: CandidateState) -> str:
    if not row.candidate.stepwise:
        return "fitted" if row.validation else ""
    return f"{row.step}/{row.total} steps"


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}" if seconds else ""
