"""How an evaluation result looks in JSON: the public format, and what it has no field for."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import HubError
from phub_jupyter.hub.database.tables import EvalResultRow
from phub_jupyter.metrics import any_metric_of

__all__ = ["result_body"]

_OURS = ("task", "metric", "split", "rows", "stderr", "low", "high")


def result_body(row: EvalResultRow) -> dict[str, Any]:
    """One result; what is not known is left out."""
    dataset = {"id": row.dataset, "task_id": row.task_id, "revision": row.dataset_commit}
    source = {"url": row.source_url, "name": row.source_name} if row.source_url else {}
    evaluation = {name: getattr(row, name) for name in _OURS}
    evaluation["model_revision"] = row.model_commit
    evaluation |= _metric(row)
    body = {
        "dataset": _known(dataset),
        "value": row.value,
        "verifyToken": row.verify_token,
        "date": row.date,
        "source": _known(source),
        "notes": row.notes,
        "evaluation": _known(evaluation),
    }
    return {**_known(body), "filename": row.filename, "verified": row.verified}


def _metric(row: EvalResultRow) -> dict[str, Any]:
    """How people read the value; nothing for a metric that others invented."""
    try:
        metric = any_metric_of(row.task, row.metric)
    except HubError:
        return {}
    return {
        "label": metric.label,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
    }


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", {})}
