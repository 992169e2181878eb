"""Tabular classification and regression: a column of a table, against the model's values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.readings.reading import Batch, ModelFacts
from phub_jupyter.compute.evaluation.targets import Targets
from phub_jupyter.compute.inference.local import describe
from phub_jupyter.compute.training.columns import (
    LABEL_NAMES,
    find_column,
    is_number,
    listed,
)
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

    from phub_jupyter.compute.evaluation.settings import Settings

__all__ = ["read"]


@dataclass(frozen=True, slots=True)
class _Tabular:
    inputs_of: Sequence[str]
    targets: Targets
    given: Mapping[str, str]
    textual: bool = False
    window: int = 2000

    @property
    def columns(self) -> Mapping[str, str]:
        return {**{name: name for name in self.inputs_of}, "label": self.targets.column}

    @property
    def checked(self) -> Sequence[str]:
        return (self.targets.column,)

    @property
    def problem(self) -> str:
        return self.targets.problem

    @property
    def classes(self) -> Sequence[str]:
        return self.targets.classes

    def usable(self, rows: Batch) -> list[bool]:
        return [value is not None for value in self.references(rows)]

    def references(self, rows: Batch) -> list[Any]:
        return [self.targets.value(raw) for raw in rows[self.targets.column]]

    def calls(self, rows: Batch) -> list[dict[str, Any]]:
        table = {name: [_cell(value) for value in rows[name]] for name in self.inputs_of}
        return [{"inputs": {"data": table}}]

    def predictions(self, rows: Batch, answers: Sequence[Any]) -> list[Any]:
        (values,) = answers
        if self.problem == "regression":
            return [float(value) for value in values]
        place = {value: self._place(str(value)) for value in set(values)}
        return [place[value] for value in values]

    def _place(self, said: str) -> int:
        name = self.given.get(said, said)
        found = self.targets.place.get(name)
        if (
            found is None
            and self.targets.named
            and name.isdigit()
            and int(name) < len(self.classes)
        ):
            found = int(name)  # the model was trained on the numbers of named classes
        if found is None:
            raise InvalidRequestError(
                f"labels: the model says '{said}', which is none of the classes "
                f"{', '.join(self.classes[:8])}; say which one it is with --label {said}=CLASS."
            )
        return found

    def inputs(self, rows: Batch) -> list[str]:
        count = len(rows[self.targets.column])
        shown = self.inputs_of[:8]
        return [", ".join(f"{name} {rows[name][row]}" for name in shown) for row in range(count)]


def _cell(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)


def read(part: Dataset, model: ModelFacts, settings: Settings) -> _Tabular:
    """Find the columns that the model takes, and the one that it foresees.

    Raises InvalidRequestError.
    """
    inputs = list(describe(model.folder, settings.task)["columns"])
    missing = [name for name in inputs if name not in part.column_names]
    if missing:
        raise InvalidRequestError(
            f"dataset: {model.name} takes the columns {', '.join(missing[:5])}, which are not "
            f"among {listed(part)}."
        )

    def is_left(name: str, kind: Any) -> bool:
        return name not in inputs

    column = find_column(part, "label", LABEL_NAMES, is_left, settings.columns.get("label"))
    targets = Targets.of(part, column)
    if settings.task == "tabular-regression":
        kind = part.features[column]
        if not is_number(kind) and getattr(kind, "dtype", "") != "bool":
            raise InvalidRequestError(
                f"label-column: '{column}' does not hold numbers; choose another with --column "
                "label=NAME."
            )
        targets = Targets(column, "regression")
    elif targets.problem != "single_label":
        raise InvalidRequestError(
            f"label-column: '{column}' does not hold classes; choose another with --column "
            "label=NAME."
        )
    return _Tabular(inputs, targets, settings.labels)
