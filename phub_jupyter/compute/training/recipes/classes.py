"""Labels of rows, checked: the index of a class, a 0 or 1 for each label, or a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.evaluation.targets import Targets
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "check_classes",
    "check_label_sets",
    "check_numbers",
    "class_names",
    "class_targets",
    "label_sets",
    "number_targets",
]


def class_names(train: Dataset, column: str) -> tuple[str, ...]:
    """The names of the classes, from the feature or from the values of the training rows.

    Raises InvalidRequestError if the column does not look like classes.
    """
    kind = train.features[column]
    if hasattr(kind, "names"):
        return tuple(kind.names)
    listed = list(train[column])
    if not all(isinstance(value, str | int | bool | None) for value in listed):
        raise InvalidRequestError(
            f"label-column: '{column}' holds numbers or lists, not classes; choose a column of "
            "names or whole numbers with --column label=NAME."
        )
    values = set(listed) - {None}
    if len(values) > max(50, len(train) // 10):
        raise InvalidRequestError(
            f"label-column: '{column}' has {len(values)} different values, too many for classes; "
            "choose another with --column label=NAME."
        )
    return tuple(str(value) for value in sorted(values))


def class_targets(part: Dataset, split: str, column: str, names: Sequence[str]) -> list[int]:
    """The index of each row's class, found by its name: splits may number the same names otherwise.

    Raises InvalidRequestError for classes that are missing or unknown to the training rows.
    """
    values = _values(part, split, column)
    index: dict[Any, int] = {name: number for number, name in enumerate(names)}
    own = getattr(part.features[column], "names", None)
    if own is not None:
        index = {number: index[name] for number, name in enumerate(own) if name in index}
    labels = [
        -1 if value is None else index.get(value if own is not None else str(value), -1)
        for value in values
    ]
    bad = [value for value, label in zip(values, labels, strict=True) if label < 0]
    if bad:
        raise InvalidRequestError(
            f"label-column: {len(bad)} rows of split '{split}' have a '{column}' that is missing "
            f"or unknown to the training rows (for example {bad[0]!r}); correct or remove them."
        )
    return labels


def check_classes(targets: Sequence[int], names: Sequence[str], column: str) -> None:
    """Refuse training rows of one class only."""
    present = set(targets)
    if len(present) < 2:
        only = names[next(iter(present))]
        raise InvalidRequestError(
            f"label-column: '{column}' has only the class '{only}' in the training rows; a "
            "classifier needs at least two."
        )


def label_sets(part: Dataset, split: str, targets: Targets) -> list[list[int]]:
    """A 0 or 1 for each label, a row each.

    Raises InvalidRequestError for rows without a list, and labels that the training rows lack.
    """
    values = _values(part, split, targets.column)
    missing = sum(value is None for value in values)
    if missing:
        raise InvalidRequestError(
            f"label-column: {missing} rows of split '{split}' have no '{targets.column}'; give "
            "them a list, which may be empty, or remove them."
        )
    try:
        return [targets.value(value) for value in values]
    except KeyError as error:
        raise InvalidRequestError(
            f"label-column: '{targets.column}' of split '{split}' has a label {error} that no "
            "training row has; correct or remove those rows."
        ) from None


def check_label_sets(targets: Sequence[Sequence[int]], column: str) -> None:
    """Refuse training rows that all have the same labels."""
    if len({tuple(row) for row in targets}) < 2:
        raise InvalidRequestError(
            f"label-column: '{column}' has the same labels in all training rows; there is nothing "
            "to learn, choose another with --column label=NAME."
        )


def number_targets(part: Dataset, split: str, column: str, role: str = "label") -> list[float]:
    """The number of each row. Raises InvalidRequestError if some are missing or not finite."""
    values = _values(part, split, column)
    bad = sum(value is None or not math.isfinite(value) for value in values)
    if bad:
        raise InvalidRequestError(
            f"{role}-column: {bad} rows of split '{split}' have no finite number in '{column}'; "
            "correct or remove them."
        )
    return [float(value) for value in values]


def check_numbers(targets: Sequence[float], column: str, role: str = "label") -> None:
    """Refuse training rows that all have the same number."""
    if len(set(targets)) < 2:
        raise InvalidRequestError(
            f"{role}-column: '{column}' is {targets[0]:g} in all training rows; there is nothing "
            f"to learn, choose another with --column {role}=NAME."
        )


def _values(part: Dataset, split: str, column: str) -> list[Any]:
    if column not in part.column_names:
        raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{column}'.")
    return list(part[column])
