"""Classes as labels: their names, and for each row the index of its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["check_classes", "class_names", "class_targets"]


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
    """The index of each row's class.

    Raises InvalidRequestError for classes that are missing or unknown to the training rows.
    """
    if column not in part.column_names:
        raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{column}'.")
    values = list(part[column])
    if hasattr(part.features[column], "names"):
        bad = [value for value in values if value is None or not 0 <= value < len(names)]
        labels = values
    else:
        index = {name: number for number, name in enumerate(names)}
        bad = [value for value in values if str(value) not in index]
        labels = [index.get(str(value), -1) for value in values]
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
