"""Evaluation results as model repositories keep them, in ``.eval_results/*.yaml``.

The file is a list in the public format; what that has no field for stands under ``evaluation``:
the metric, its error and interval, how many rows of which split, and which commit of the model.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.plain_yaml import read_yaml

__all__ = [
    "FOLDER",
    "EvalResult",
    "file_of",
    "from_report",
    "merged",
    "names_of",
    "read_results",
    "write_results",
]

FOLDER = ".eval_results"
_LONGEST = 500
_NUMBERS = ("stderr", "low", "high")
_UNSIGNED = ("verify_token", "source_url", "source_name")


@dataclass(frozen=True, slots=True)
class EvalResult:
    """One value of one metric for one model on one split of a dataset.

    ``verify_token`` is the signature of the hub that computed it; ``source_url`` is where more can
    be read.
    """

    dataset: str
    task: str
    metric: str
    value: float
    dataset_commit: str = ""
    model_commit: str = ""
    split: str = ""
    rows: int | None = None
    stderr: float | None = None
    low: float | None = None
    high: float | None = None
    date: str = ""
    verify_token: str = ""
    source_url: str = ""
    source_name: str = ""
    notes: str = ""

    @property
    def task_id(self) -> str:
        """What the public format calls the task: ours and the metric, as it has no other place."""
        return f"{self.task}/{self.metric}" if self.metric else self.task

    @property
    def same(self) -> tuple[str, ...]:
        """A result of the same kind replaces an older one."""
        return self.dataset.lower(), self.task, self.metric, self.split

    def claims(self, repo_uid: str) -> dict[str, Any]:
        """What a hub signs when it has computed the value for a repository: all of it."""
        told = {name: value for name, value in asdict(self).items() if name not in _UNSIGNED}
        text = json.dumps(told, sort_keys=True)
        return {"repo": repo_uid, "result": hashlib.sha256(text.encode()).hexdigest()}


def file_of(dataset: str) -> str:
    """Where in a model repository the results on a dataset are."""
    return f"{FOLDER}/{dataset.replace('/', '--')}.yaml"


def names_of(models: Sequence[Mapping[str, Any]], *, push: bool = False) -> list[str]:
    """What a report calls models with a ``repo`` and a ``commit``.

    It is the repository, with the commit behind it where several of one repository are compared.
    Raises InvalidRequestError for a commit that is named twice, and with ``push`` for a repository
    that is: its results can only speak of one commit.
    """
    repos = [model["repo"] for model in models]
    names = [
        repo if repos.count(repo) == 1 else f"{repo}@{model['commit'][:8]}"
        for repo, model in zip(repos, models, strict=True)
    ]
    for name, repo in zip(names, repos, strict=True):
        if names.count(name) > 1:
            raise InvalidRequestError(f"models: {name} is named twice.")
        if push and repos.count(repo) > 1:
            raise InvalidRequestError(
                f"push: {repo} is named twice; push the results of one revision at a time."
            )
    return names


def from_report(
    report: Mapping[str, Any],
    model: str,
    *,
    model_commit: str,
    dataset: str,
    dataset_commit: str,
    date: str,
    notes: str = "",
) -> list[EvalResult]:
    """The results of one model out of a report of an evaluation, as JSON."""
    (found,) = [each for each in report["models"] if each["model"] == model]
    return [
        EvalResult(
            dataset=dataset,
            task=report["task"],
            metric=name,
            value=round(score["value"], 6),
            dataset_commit=dataset_commit,
            model_commit=model_commit,
            split=report["split"],
            rows=score["rows"],
            stderr=_rounded(score["stderr"]),
            low=_rounded(score["low"]),
            high=_rounded(score["high"]),
            date=date,
            notes=notes,
        )
        for name, score in found["scores"].items()
        if score["value"] is not None
    ]


def write_results(results: Sequence[EvalResult]) -> str:
    """The text of a file."""
    return yaml.safe_dump([_entry(result) for result in results], sort_keys=False)


def read_results(text: str) -> list[EvalResult]:
    """The results in a file that anybody may have written.

    Raises InvalidRequestError naming the entry and what it lacks.
    """
    try:
        entries = read_yaml(text)
    except ValueError as error:
        raise InvalidRequestError(f"eval results: invalid YAML: {error}") from None
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise InvalidRequestError("eval results: the file must hold a list of results.")
    return [_read(place, entry) for place, entry in enumerate(entries, 1)]


def merged(old: Iterable[EvalResult], new: Sequence[EvalResult]) -> list[EvalResult]:
    """The old results, those that were computed again replaced, and the new ones."""
    replaced = {result.same for result in new}
    return [*(result for result in old if result.same not in replaced), *new]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _entry(result: EvalResult) -> dict[str, Any]:
    dataset = {"id": result.dataset, "task_id": result.task_id, "revision": result.dataset_commit}
    source = {"url": result.source_url, "name": result.source_name} if result.source_url else {}
    evaluation = {
        "task": result.task,
        "metric": result.metric,
        "split": result.split,
        "rows": result.rows,
        **{name: getattr(result, name) for name in _NUMBERS},
        "model_revision": result.model_commit,
    }
    entry = {
        "dataset": _known(dataset),
        "value": result.value,
        "verifyToken": result.verify_token,
        "date": result.date,
        "source": _known(source),
        "notes": result.notes,
        "evaluation": _known(evaluation),
    }
    return _known(entry)


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", {})}


def _read(place: int, entry: Any) -> EvalResult:
    if not isinstance(entry, dict) or not isinstance(entry.get("dataset"), dict):
        raise InvalidRequestError(f"eval results: entry {place} has no dataset with an id.")
    dataset, value = entry["dataset"], entry.get("value")
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise InvalidRequestError(f"eval results: the value of entry {place} is not a number.")
    more, source = _mapping(entry.get("evaluation")), _mapping(entry.get("source"))
    task_id = _text(dataset.get("task_id"))
    task, _, metric = task_id.rpartition("/")
    named = _text(more.get("metric"))
    if not named:
        task, metric = (task, metric) if task else (task_id, "")
    rows = more.get("rows")
    name = _text(dataset.get("id"))
    if not name:
        raise InvalidRequestError(f"eval results: entry {place} has no dataset with an id.")
    return EvalResult(
        dataset=name,
        task=_text(more.get("task")) or task,
        metric=named or metric,
        value=float(value),
        dataset_commit=_text(dataset.get("revision")),
        model_commit=_text(more.get("model_revision")),
        split=_text(more.get("split")),
        rows=rows if isinstance(rows, int) and 0 <= rows < 2**53 else None,
        stderr=_number(more.get("stderr")),
        low=_number(more.get("low")),
        high=_number(more.get("high")),
        date=_text(entry.get("date")),
        verify_token=_text(entry.get("verifyToken"), 5000),
        source_url=_text(source.get("url")),
        source_name=_text(source.get("name")),
        notes=_text(entry.get("notes"), 5000),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any, longest: int = _LONGEST) -> str:
    """A text that is short enough; a number counts as one, other values as none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    found = value if isinstance(value, str) else str(value) if is_number else ""
    return found if len(found) <= longest else ""


def _number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if fits else None
