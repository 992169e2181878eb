"""Texts and labels for text classification, read from the folder of a dataset repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.settings import Settings
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = ["Examples", "Splits", "read_splits"]

_TEXT_NAMES = ("text", "sentence", "content", "review", "comment", "message", "document")
_LABEL_NAMES = ("label", "labels", "class", "category", "sentiment", "target")
_VALIDATION_NAMES = ("validation", "valid", "val", "dev")
_MIN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Examples:
    """One split: texts, and for each the index of its label."""

    texts: list[str]
    labels: list[int]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Splits:
    """What a run learns from, compares candidates on, and reports its winner on."""

    train: Examples
    validation: Examples
    test: Examples
    label_names: tuple[str, ...]
    text_column: str
    label_column: str

    def rows(self) -> dict[str, int]:
        """How many rows each split has."""
        return {name: len(getattr(self, name)) for name in ("train", "validation", "test")}


def read_splits(folder: Path, settings: Settings) -> Splits:
    """Read the dataset in ``folder``; splits that are missing are cut from the training rows.

    Raises InvalidRequestError naming the column or split and what to do about it.
    """
    parts = _cut(_load(folder), settings.seed)
    train = parts["train"]
    text_column = _text_column(train, settings.text_column)
    label_column = _label_column(train, settings.label_column, text_column)
    if settings.max_train_rows is not None and settings.max_train_rows < len(train):
        order = train.shuffle(seed=settings.seed)
        parts["train"] = order.select(range(settings.max_train_rows))
    names = _label_names(train, label_column)
    examples = {
        name: _examples(part, name, text_column, label_column, names)
        for name, part in parts.items()
    }
    _check_classes(examples["train"], names, label_column)
    return Splits(**examples, label_names=names, text_column=text_column, label_column=label_column)


def _load(folder: Path) -> DatasetDict:
    from datasets import DatasetDict, disable_progress_bars, load_dataset
    from datasets.exceptions import DatasetsError

    disable_progress_bars()
    try:
        loaded = load_dataset(str(folder))
    except (DatasetsError, FileNotFoundError, ValueError) as error:
        reason = str(error).split("\n", 1)[0].replace(str(folder), "the repository")
        raise InvalidRequestError(f"dataset: no table can be read from it ({reason}).") from None
    if not isinstance(loaded, DatasetDict):
        raise InvalidRequestError("dataset: it has no splits; push a DatasetDict.")
    return loaded


def _cut(parts: DatasetDict, seed: int) -> dict[str, Dataset]:
    if "train" not in parts:
        found = ", ".join(parts) or "none"
        raise InvalidRequestError(f"dataset: there is no split 'train' (found: {found}); add one.")
    train = parts["train"]
    validation = next((parts[name] for name in _VALIDATION_NAMES if name in parts), None)
    test = parts.get("test")
    if len(train) < _MIN_ROWS:
        raise InvalidRequestError(
            f"dataset: split 'train' has {len(train)} rows; at least {_MIN_ROWS} are needed."
        )
    if test is None:
        halves = train.train_test_split(test_size=0.15, seed=seed)
        train, test = halves["train"], halves["test"]
    if validation is None:
        halves = train.train_test_split(test_size=0.1, seed=seed)
        train, validation = halves["train"], halves["test"]
    return {"train": train, "validation": validation, "test": test}


def _text_column(part: Dataset, wanted: str | None) -> str:
    if wanted is not None:
        return _column(part, wanted, "text-column")
    strings: list[str] = [name for name, kind in part.features.items() if _is_string(kind)]
    for name in _TEXT_NAMES:
        if name in strings:
            return name
    strings = [name for name in strings if name not in _LABEL_NAMES]
    if len(strings) == 1:
        return strings[0]
    raise InvalidRequestError(
        f"text-column: cannot tell which of {_listed(part)} is the text; name it with "
        "--text-column."
    )


def _label_column(part: Dataset, wanted: str | None, text_column: str) -> str:
    if wanted is not None:
        return _column(part, wanted, "label-column")
    others = {name: kind for name, kind in part.features.items() if name != text_column}
    for name in _LABEL_NAMES:
        if name in others:
            return name
    classes: list[str] = [name for name, kind in others.items() if hasattr(kind, "names")]
    if len(classes) == 1:
        return classes[0]
    raise InvalidRequestError(
        f"label-column: there is no label column among {_listed(part)}; name it with "
        "--label-column."
    )


def _column(part: Dataset, name: str, field: str) -> str:
    if name not in part.column_names:
        raise InvalidRequestError(
            f"{field}: the dataset has no column '{name}'; its columns are {_listed(part)}."
        )
    return name


def _listed(part: Dataset) -> str:
    return ", ".join(f"'{name}'" for name in part.column_names)


def _is_string(kind: Any) -> bool:
    return getattr(kind, "dtype", None) in ("string", "large_string")


def _label_names(train: Dataset, column: str) -> tuple[str, ...]:
    kind = train.features[column]
    if hasattr(kind, "names"):
        return tuple(kind.names)
    values = set(train[column]) - {None}
    if not all(isinstance(value, str | int | bool) for value in values):
        raise InvalidRequestError(
            f"label-column: '{column}' holds numbers or lists, not classes; choose a column of "
            "names or whole numbers with --label-column."
        )
    if len(values) > max(50, len(train) // 10):
        raise InvalidRequestError(
            f"label-column: '{column}' has {len(values)} different values, too many for classes; "
            "choose another with --label-column."
        )
    return tuple(str(value) for value in sorted(values))


def _examples(
    part: Dataset, split: str, text_column: str, label_column: str, names: Sequence[str]
) -> Examples:
    for column in (text_column, label_column):
        if column not in part.column_names:
            raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{column}'.")
    texts = list(part[text_column])
    empty = sum(not isinstance(text, str) or not text.strip() for text in texts)
    if empty:
        raise InvalidRequestError(
            f"text-column: {empty} rows of split '{split}' have an empty '{text_column}'; "
            "remove them or fill them in."
        )
    if not texts:
        raise InvalidRequestError(f"dataset: split '{split}' has no rows; add some or drop it.")
    return Examples(texts, _labels(part, split, label_column, names))


def _labels(part: Dataset, split: str, column: str, names: Sequence[str]) -> list[int]:
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


def _check_classes(train: Examples, names: Sequence[str], column: str) -> None:
    present = set(train.labels)
    if len(present) < 2:
        only = names[next(iter(present))]
        raise InvalidRequestError(
            f"label-column: '{column}' has only the class '{only}' in the training rows; a "
            "classifier needs at least two."
        )
