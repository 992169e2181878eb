"""Reads the tables of a dataset folder and cuts them into training, validation and test rows.

Tables stay on disk (memory-mapped Arrow), so a dataset may be larger than memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = ["load_splits", "load_tables"]

_VALIDATION_NAMES = ("validation", "valid", "val", "dev")
_MIN_ROWS = 20


def load_splits(folder: Path, seed: int, max_train_rows: int | None = None) -> dict[str, Dataset]:
    """``train``, ``validation`` and ``test`` of the dataset in ``folder``.

    Splits that are missing are cut from the training rows; the seed decides how, and which rows
    ``max_train_rows`` leaves. Raises InvalidRequestError naming what is missing.
    """
    parts = _cut(load_tables(folder), seed)
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
