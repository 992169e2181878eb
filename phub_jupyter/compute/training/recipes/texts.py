"""The texts of a split, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["texts_of"]


def texts_of(part: Dataset, split: str, column: str, role: str = "text") -> list[str]:
    """All texts of a column. Raises InvalidRequestError if it is missing or some are empty."""
    if column not in part.column_names:
        raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{column}'.")
    texts = list(part[column])
    empty = sum(not isinstance(text, str) or not text.strip() for text in texts)
    if empty:
        raise InvalidRequestError(
            f"{role}-column: {empty} rows of split '{split}' have an empty '{column}'; "
            "remove them or fill them in."
        )
    return texts
