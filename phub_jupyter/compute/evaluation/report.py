"""What an evaluation found: plain values, so that a report is JSON and back again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from phub_jupyter.compute.evaluation.metrics import Metric, Score, metric_of

__all__ = ["Bin", "Comparison", "Mistake", "ModelReport", "Report", "Slice"]


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions about equally sure: how sure on average, and how many of them were right."""

    rows: int
    certainty: float
    right: float


@dataclass(frozen=True, slots=True)
class Slice:
    """The scores on some of the rows."""

    name: str
    rows: int
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row that went wrong; ``certainty`` is how sure the model was, where it says so."""

    row: int
    input: str
    reference: str
    prediction: str
    certainty: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """By how much a model is above the first one on the same rows, and whether that is chance.

    ``p`` is from a paired bootstrap, ``mcnemar`` from McNemar's exact test where the metric is
    accuracy; both are corrected for the number of models (Holm).
    """

    model: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    mcnemar: float | None = None

    @property
    def significant(self) -> bool:
        """Whether chance alone would show such a difference in less than one of twenty cases."""
        p = self.p if self.mcnemar is None else self.mcnemar
        return p is not None and p < 0.05


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One model: its scores, and where it goes wrong.

    ``confusion`` counts rows by what is right (lines) and what was said (columns), in the order of
    the report's classes.
    """

    model: str
    scores: Mapping[str, Score]
    slices: Sequence[Slice] = ()
    confusion: Sequence[Sequence[int]] = ()
    calibration: Sequence[Bin] = ()
    worst: Sequence[Mistake] = ()
    classes: Sequence[str] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one evaluation.

    ``noted`` is what the caller wants kept, such as commits; ``own`` describes metrics of people's
    own that were used.
    """

    task: str
    problem: str
    split: str
    columns: Mapping[str, str]
    rows: int
    left_out: int
    metrics: Sequence[str]
    slice_by: str
    models: Sequence[ModelReport]
    comparisons: Sequence[Comparison] = ()
    noted: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def metric(self, name: str) -> Metric:
        """A metric of this report."""
        if name in self.own:
            own = self.own[name]
            return Metric(name, own["label"], own["higher_is_better"], "number", None, None)
        return metric_of(self.task, name, self.problem)

    def as_json(self) -> dict[str, Any]:
        """The report as a file keeps it."""
        found: dict[str, Any] = _plain(asdict(self))
        return found

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """What `as_json` wrote down."""
        models = [_model(model) for model in body["models"]]
        comparisons = [Comparison(**each) for each in body["comparisons"]]
        return cls(**{**body, "models": models, "comparisons": comparisons})


def _model(body: Mapping[str, Any]) -> ModelReport:
    slices = [Slice(each["name"], each["rows"], _scores(each["scores"])) for each in body["slices"]]
    more = {
        "scores": _scores(body["scores"]),
        "slices": slices,
        "calibration": [Bin(**each) for each in body["calibration"]],
        "worst": [Mistake(**each) for each in body["worst"]],
    }
    return ModelReport(**{**body, **more})


def _scores(body: Mapping[str, Any]) -> dict[str, Score]:
    return {name: Score.from_json(score) for name, score in body.items()}


def _plain(value: Any) -> Any:
    """The same for JSON, which knows no number that is none."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
