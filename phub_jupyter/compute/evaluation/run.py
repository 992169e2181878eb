"""Evaluates models on a dataset: asks them about every row, scores and compares the answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation import readings
from phub_jupyter.compute.evaluation.answered import Answered, Table
from phub_jupyter.compute.evaluation.findings import check_slices, findings
from phub_jupyter.compute.evaluation.metrics import metric_of, sample_of
from phub_jupyter.compute.evaluation.metrics.own import OwnMetric, load_metric
from phub_jupyter.compute.evaluation.predictions import Predictions
from phub_jupyter.compute.evaluation.readings import ModelFacts, Reading
from phub_jupyter.compute.evaluation.report import Report
from phub_jupyter.compute.evaluation.settings import Settings
from phub_jupyter.compute.evaluation.split import choose_rows, load_split, media_there, rows_at
from phub_jupyter.compute.inference.local import infer_all
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["REPORT_NAME", "CancelledError", "Progress", "evaluate"]

REPORT_NAME = "report.json"
_CHECKED_AT_ONCE = 1000

Progress = Callable[[str, int, int], None]
"""Is told the model, how many rows it has answered, and how many there are."""


class CancelledError(Exception):
    """The person stopped the evaluation; what was answered is kept."""


@dataclass(frozen=True, slots=True)
class _Job:
    """Where rows come from and answers go."""

    settings: Settings
    dataset: Path
    part: Dataset
    folder: Path
    progress: Progress
    cancelled: Callable[[], bool]


def evaluate(
    settings: Settings,
    models: Sequence[tuple[str, Path]],
    dataset: Path,
    folder: Path,
    *,
    own: Mapping[str, Path] | None = None,
    noted: Mapping[str, Any] | None = None,
    progress: Progress = lambda model, done, rows: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Report:
    """Evaluate models, given as names and folders, on the dataset in a folder.

    ``folder`` keeps the answers, so that a run that was stopped goes on where it was, and in the
    end ``report.json``. ``own`` are the folders of metrics whose code is trusted.

    Raises InvalidRequestError, NotSupportedError, CancelledError.
    """
    if not models:
        raise InvalidRequestError("model: missing; name one or more.")
    split, part = load_split(dataset, settings.split)
    check_slices(settings, part.column_names)
    job = _Job(settings, dataset, part, folder, progress, cancelled)
    facts = [ModelFacts.of(*model) for model in models]
    known = [readings.read(part, each, settings) for each in facts]
    metrics = {name: load_metric(name, place) for name, place in (own or {}).items()}
    _check_metrics(settings, known, metrics)
    usable = _usable(part, known, dataset)
    rows = choose_rows(usable, settings.rows, settings.seed)
    answered = [
        _answer(job, each, reading, rows, place)
        for place, (each, reading) in enumerate(zip(facts, known, strict=True))
    ]
    answered = [each.with_own(metrics) for each in answered]
    table = Table(split, part, rows, len(part) - len(usable))
    report = findings(settings, table, answered, noted or {})
    _write(folder / REPORT_NAME, report)
    return report


def _check_metrics(
    settings: Settings, known: Sequence[Reading], own: Mapping[str, OwnMetric]
) -> None:
    for name in settings.metrics:
        if name not in own:
            metric_of(settings.task, name, known[0].problem)


def _usable(part: Dataset, known: Sequence[Reading], folder: Path) -> list[int]:
    """The rows that every model can be asked about. Raises InvalidRequestError if there is none."""
    columns = sorted({name for reading in known for name in reading.checked})
    checked = part.select_columns(columns)
    needed = sorted({name for reading in known for name in reading.columns.values()})
    found: list[int] = []
    for start in range(0, len(part), _CHECKED_AT_ONCE):
        rows = checked[start : start + _CHECKED_AT_ONCE]
        place = range(start, min(start + _CHECKED_AT_ONCE, len(part)))
        there = media_there(part, needed, place, folder)
        each = zip(there, *(reading.usable(rows) for reading in known), strict=True)
        found += [start + place for place, fits in enumerate(each) if all(fits)]
    if not found:
        raise InvalidRequestError(
            f"dataset: none of its {len(part)} rows has both an input and a label in the columns "
            f"{', '.join(columns)}; choose another split with --split."
        )
    return found


def _answer(
    job: _Job, model: ModelFacts, reading: Reading, rows: Sequence[int], place: int
) -> Answered:
    begin = time.monotonic()
    head = {
        "model": model.name,
        "settings": job.settings.as_json(),
        "dataset": str(job.dataset),
        "folder": str(model.folder),
    }
    kept = Predictions(job.folder / "predictions" / f"{place + 1}.jsonl", head)
    columns = sorted({*reading.columns.values()} & {*job.part.column_names})
    part = job.part.select_columns(columns)
    job.progress(model.name, kept.done, len(rows))
    while kept.done < len(rows):
        if job.cancelled():
            raise CancelledError
        window = rows[kept.done : kept.done + reading.window]
        batch = rows_at(part, window, job.dataset)
        answers = infer_all(model.folder, job.settings.task, reading.calls(batch))
        kept.append(window, reading.references(batch), reading.predictions(batch, answers))
        job.progress(model.name, kept.done, len(rows))
    references, predictions = [], []
    for line in kept.lines():
        references.append(line["reference"])
        predictions.append(line["prediction"])
    sample = sample_of(job.settings.task, references, predictions, reading.problem)
    seconds = round(time.monotonic() - begin, 2)
    task = job.settings.task
    return Answered(task, model, reading, references, predictions, sample, seconds)


def _write(path: Path, report: Report) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(report.as_json(), indent=1), "utf-8")
    partial.replace(path)
