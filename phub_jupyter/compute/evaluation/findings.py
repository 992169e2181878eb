"""Makes the report of what the models said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phub_jupyter.compute.evaluation.answered import Answered, Table
from phub_jupyter.compute.evaluation.compare import compare
from phub_jupyter.compute.evaluation.metrics import Metric, metrics_of
from phub_jupyter.compute.evaluation.metrics.bootstrap import scores
from phub_jupyter.compute.evaluation.mistakes import calibration, confusion, worst_places
from phub_jupyter.compute.evaluation.report import Mistake, ModelReport, Report, Slice
from phub_jupyter.compute.evaluation.settings import Settings
from phub_jupyter.compute.evaluation.slices import by_length, by_value, in_order
from phub_jupyter.errors import InvalidRequestError

__all__ = ["check_slices", "findings"]

_WORST = 10
_LONGEST_SHOWN = 300
_READ_AT_ONCE = 1000


def findings(
    settings: Settings, table: Table, answered: Sequence[Answered], noted: Mapping[str, Any]
) -> Report:
    """Scores with their intervals, slices, comparisons and mistakes of all models."""
    metrics = _metrics(settings, answered)
    slice_by, parts = _parts(settings, table, answered[0])
    return Report(
        task=settings.task,
        problem=answered[0].reading.problem,
        split=table.split,
        columns=dict(answered[0].reading.columns),
        rows=len(table.rows),
        left_out=table.left_out,
        metrics=metrics,
        slice_by=slice_by,
        models=[_model(settings, table, metrics, one, parts) for one in answered],
        comparisons=compare(answered, metrics, settings.seed),
        noted=dict(noted),
        own={name: _described(own.metric) for name, own in answered[0].own.items()},
    )


def _described(metric: Metric) -> dict[str, Any]:
    return {"label": metric.label, "higher_is_better": metric.higher_is_better}


def _metrics(settings: Settings, answered: Sequence[Answered]) -> list[str]:
    """Those that were asked for, else all that every model's answers allow."""
    if settings.metrics:
        return list(settings.metrics)
    known = [metric.name for metric in metrics_of(settings.task, answered[0].reading.problem)]
    known += answered[0].own
    return [name for name in known if all(name in one.sample.names for one in answered)]


def _parts(settings: Settings, table: Table, one: Answered) -> tuple[str, dict[str, list[int]]]:
    """What slices are made by, and the places of the rows in each."""
    column = settings.slice_by
    if column:
        values = table.part.select(table.rows)[column]
        kind = table.part.features[column]
        names = by_value(list(values), getattr(kind, "names", None) or ())
    elif one.reading.textual:
        column, names = "length", by_length(_all_inputs(table, one))
    else:
        return "", {}
    parts: dict[str, list[int]] = {name: [] for name in in_order(names)}
    for place, name in enumerate(names):
        parts[name].append(place)
    return column, parts


def check_slices(settings: Settings, columns: Sequence[str]) -> None:
    """Refuse a column that is not there, before models run."""
    if settings.slice_by and settings.slice_by not in columns:
        raise InvalidRequestError(
            f"slice: the dataset has no column '{settings.slice_by}'; it has {', '.join(columns)}."
        )


def _all_inputs(table: Table, one: Answered) -> list[str]:
    found: list[str] = []
    for start in range(0, len(table.rows), _READ_AT_ONCE):
        places = range(start, min(start + _READ_AT_ONCE, len(table.rows)))
        found += one.reading.inputs(table.batch(one.reading, places))
    return found


def _model(
    settings: Settings,
    table: Table,
    metrics: Sequence[str],
    one: Answered,
    parts: Mapping[str, Sequence[int]],
) -> ModelReport:
    return ModelReport(
        model=one.model.name,
        scores=scores(one.sample, metrics, settings.seed),
        slices=[
            Slice(name, len(places), scores(one.sample.only(places), metrics, settings.seed))
            for name, places in parts.items()
        ],
        confusion=confusion(one),
        calibration=calibration(one),
        worst=_worst(table, one),
        classes=list(one.reading.classes),
        seconds=one.seconds,
    )


def _worst(table: Table, one: Answered) -> list[Mistake]:
    found = worst_places(one, _WORST)
    places = [place for place, _ in found]
    texts = one.reading.inputs(table.batch(one.reading, places)) if places else []
    return [
        Mistake(
            row=table.rows[place],
            input=_cut(text),
            reference=_cut(_shown(one, one.references[place])),
            prediction=_cut(_shown(one, one.predictions[place])),
            certainty=certainty,
        )
        for (place, certainty), text in zip(found, texts, strict=True)
    ]


def _shown(one: Answered, value: Any) -> str:
    """A reference or prediction for people."""
    told = one.told(value)
    if one.family == "label_sets":
        return ", ".join(told) or "none"
    if isinstance(told, list):
        return (" " if one.family == "tags" else " / ").join(map(str, told))
    return f"{told:.4g}" if isinstance(told, float) else str(told)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
