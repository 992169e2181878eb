"""What all classifiers share: their targets, and answers of labels with scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.label_map import LabelMap
from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts
from phub_jupyter.compute.evaluation.targets import Targets
from phub_jupyter.compute.training.columns import LABEL_NAMES, NUMBER_NAMES, find_column
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["LabelReading", "ScoredLabels"]


@dataclass(frozen=True, slots=True)
class ScoredLabels:
    """The column of labels, and what the model's own labels mean in it."""

    targets: Targets
    map: LabelMap

    @classmethod
    def of(cls, part: Dataset, model: ModelFacts, settings: Settings, taken: str) -> ScoredLabels:
        """Find the column and match the labels. Raises InvalidRequestError."""

        def may_be_label(name: str, kind: Any) -> bool:
            return name != taken and (name in names or hasattr(kind, "names"))

        names = (*LABEL_NAMES, *NUMBER_NAMES)
        column = find_column(part, "label", names, may_be_label, settings.columns.get("label"))
        targets = Targets.of(part, column)
        if targets.problem == "regression":
            if len(model.labels) != 1:
                raise InvalidRequestError(
                    f"labels: '{column}' holds numbers, but {model.name} chooses among "
                    f"{len(model.labels)} labels; choose another with --column label=NAME."
                )
            return cls(targets, LabelMap((), {}))
        return cls(targets, LabelMap.of(model.labels, targets.classes, settings.labels))

    def references(self, rows: Batch) -> list[Any]:
        """The index of a class, a row of 0 and 1, or a number; None for rows without."""
        found = [self.targets.value(raw) for raw in rows[self.targets.column]]
        if self.targets.problem == "multi_label":
            more = [0] * (len(self.map.classes) - len(self.targets.classes))
            return [None if value is None else value + more for value in found]
        return found

    def parameters(self) -> dict[str, Any]:
        """What to ask for: every label, or the bare number."""
        if self.targets.problem == "regression":
            return {"function_to_apply": "none"}
        if self.targets.problem == "multi_label":
            return {"function_to_apply": "sigmoid"}
        return {}

    def prediction(self, answer: Sequence[Mapping[str, Any]]) -> Any:
        """Scores in the order of the classes, or the number."""
        if self.targets.problem == "regression":
            return float(answer[0]["score"])
        scores = [0.0] * len(self.map.classes)
        for entry in answer:
            scores[self.map.place[entry["label"]]] += float(entry["score"])
        return scores


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What every reading of inputs with labels says about the labels."""

    labels: ScoredLabels

    @property
    def problem(self) -> str:
        """The kind of label."""
        return self.labels.targets.problem

    @property
    def classes(self) -> Sequence[str]:
        """The names of the classes, in order."""
        return self.labels.map.classes

    def references(self, rows: Batch) -> list[Any]:
        """What is right, as the metrics take it."""
        return self.labels.references(rows)
