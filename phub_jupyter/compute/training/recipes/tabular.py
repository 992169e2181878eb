"""Tabular classification and regression: the other columns of a row in, its label out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.metrics import compute
from phub_jupyter.compute.training.columns import LABEL_NAMES, TEXT_NAMES, find_column
from phub_jupyter.compute.training.data import Data, Rows
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.recipes.classes import (
    check_classes,
    check_numbers,
    class_names,
    class_targets,
    number_targets,
)
from phub_jupyter.compute.training.recipes.recipe import Trial, Work
from phub_jupyter.compute.training.recipes.tabular_estimators import TABULAR_FAMILIES
from phub_jupyter.compute.training.recipes.tabular_table import TableColumns, cells, kind_of
from phub_jupyter.compute.training.recipes.tabular_trial import TabularTrial
from phub_jupyter.compute.training.scores import Scores
from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.compute.training.space import FamilySpace
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["TabularRecipe"]

_MOST_CLASSES = 50  # whole numbers with more values are rather amounts


@dataclass(frozen=True, slots=True)
class TabularRecipe:
    """Both tasks over tables; they differ in what the label is. There is no base model."""

    task: str
    metrics: tuple[str, ...]

    @property
    def _numbers(self) -> bool:
        return self.task == "tabular-regression"

    def fits(self, part: Dataset) -> bool:
        """A label of the task's kind, beside numbers or several columns of words."""
        label = next((name for name in LABEL_NAMES if name in part.column_names), None)
        if label is None or set(TEXT_NAMES) & set(part.column_names):
            return False
        kinds = [kind_of(kind) for name, kind in part.features.items() if name != label]
        if kinds.count("number") == 0 and kinds.count("text") < 2:
            return False
        return "" not in kinds and _is_amount(part, label) == self._numbers

    def read(self, parts: Mapping[str, Dataset], settings: Settings) -> Data:
        """The cells and labels of all splits. Raises InvalidRequestError."""
        train, wanted = parts["train"], settings.columns
        label = find_column(train, "label", LABEL_NAMES, _may_be_label, wanted.get("label"))
        columns = TableColumns(train, label, wanted.get("input"))
        names: tuple[str, ...] = ()
        if self._numbers:
            _require_numbers(train, label)
        else:
            names = class_names(train, label)
        rows = {
            split: Rows(
                cells(part, split, columns.kinds),
                class_targets(part, split, label, names)
                if names
                else number_targets(part, split, label),
            )
            for split, part in parts.items()
        }
        if names:
            check_classes(rows["train"].targets, names, label)
        else:
            check_numbers(rows["train"].targets, label)
        return Data(
            rows["train"],
            rows["validation"],
            rows["test"],
            columns={**columns.roles(), "label": label},
            labels=names,
            problem="",
            metrics=self.metrics,
        )

    def engine(self, data: Data, model_folder: Path) -> Engine:
        """The processor; nothing here needs torch."""
        return Engine.without_torch()

    def space(self, data: Data) -> tuple[FamilySpace, ...]:
        """All families suit all tables."""
        return TABULAR_FAMILIES

    def trial(self, candidate: Candidate, work: Work) -> Trial:
        """The work on one estimator."""
        return TabularTrial(self.task, candidate, work)

    def score(self, data: Data, split: str, predictions: Sequence[Any]) -> Scores:
        """Compare predictions with the labels of a split."""
        targets = data.split(split).targets
        return Scores.of(compute(self.task, self.metrics, targets, predictions))


def _may_be_label(name: str, kind: Any) -> bool:
    return name in LABEL_NAMES and bool(kind_of(kind))


def _is_amount(part: Dataset, column: str) -> bool:
    kind = part.features[column]
    if kind_of(kind) != "number":
        return False
    if str(kind.dtype).startswith(("float", "double", "decimal")):
        return True
    return len(part.unique(column)) > max(_MOST_CLASSES, len(part) // 10)


def _require_numbers(train: Dataset, column: str) -> None:
    if kind_of(train.features[column]) != "number":
        raise InvalidRequestError(
            f"label-column: '{column}' holds words, not numbers; use --task "
            "tabular-classification, or choose another with --column label=NAME."
        )
