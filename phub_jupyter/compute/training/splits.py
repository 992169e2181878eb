"""Reads the tables of a dataset folder and cuts them into training, validation and test rows.

Tables stay on disk (memory-mapped Arrow), so a dataset may be larger than memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.columns import LABEL_NAMES, is_string
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = ["load_splits", "load_tables"]

_VALIDATION_NAMES = ("validation", "valid", "val", "dev")
_MIN_ROWS = 20


def load_splits(
    folder: Path, seed: int, max_train_rows: int | None = None, label: str | None = None
) -> dict[str, Dataset]:
    """``train``, ``validation`` and ``test`` of the dataset in ``folder``.

    Splits that are missing are cut from the training rows; the seed decides how, and which rows
    ``max_train_rows`` leaves. Each gets its share of every class, if ``label`` or a column of a
    usual name says which there are. Raises InvalidRequestError naming what is missing.
    """
    parts = _cut(load_tables(folder), seed, label)
    train = parts["train"]
    if max_train_rows is not None and max_train_rows < len(train):
        parts["train"] = train.shuffle(seed=seed).select(range(max_train_rows))
    for name, part in parts.items():
        if not len(part):
            raise InvalidRequestError(f"dataset: split '{name}' has no rows; add some or drop it.")
    return parts


def load_tables(folder: Path) -> DatasetDict:
    """All splits as they are in the dataset's folder. Raises InvalidRequestError."""
    from datasets import DatasetDict, disable_progress_bars, load_dataset
    from datasets.exceptions import DatasetsError

    disable_progress_bars()
    try:
        loaded = load_dataset(str(folder))
    except (DatasetsError, FileNotFoundError, ValueError) as error:
        reason = (
            str(error.__cause__ or error).split("\n", 1)[0].replace(str(folder), "the repository")
        )
        raise InvalidRequestError(f"dataset: no table can be read from it ({reason}).") from None
    if not isinstance(loaded, DatasetDict):
        raise InvalidRequestError("dataset: it has no splits; push a DatasetDict.")
    return loaded


def _cut(parts: DatasetDict, seed: int, label: str | None) -> dict[str, Dataset]:
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
        train, test = _halves(train, 0.15, seed, label)
    if validation is None:
        train, validation = _halves(train, 0.1, seed, label)
    return {"train": train, "validation": validation, "test": test}


def _halves(rows: Dataset, share: float, seed: int, label: str | None) -> tuple[Dataset, Dataset]:
    from sklearn.model_selection import train_test_split

    names = (label,) if label else LABEL_NAMES
    column = next((name for name in names if _may_be_classes(rows.features.get(name))), None)
    if column is not None:
        places, classes = range(len(rows)), [str(value) for value in rows[column]]
        try:
            most, rest = train_test_split(
                places, test_size=share, random_state=seed, stratify=classes
            )
            return rows.select(most), rows.select(rest)
        except ValueError:  # a class has one row, or a part has fewer rows than there are classes
            pass
    halves = rows.train_test_split(test_size=share, seed=seed)
    return halves["train"], halves["test"]


def _may_be_classes(feature: Any) -> bool:
    dtype = str(getattr(feature, "dtype", ""))
    return hasattr(feature, "names") or is_string(feature) or dtype.startswith(("int", "bool"))
