"""The pictures of a split: they stay encoded on disk, and are read when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.media.images import check_image, read_image
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["IMAGE_NAMES", "Pictures", "is_image"]

IMAGE_NAMES = ("image", "img", "picture", "photo")


def is_image(name: str, feature: Any) -> bool:
    """Whether a column holds pictures."""
    return type(feature).__name__ == "Image"


class Pictures(Sequence[Any]):
    """PIL images in RGB. What is no picture is refused by the number of its row, from 0."""

    def __init__(self, part: Dataset, split: str, column: str) -> None:
        from datasets import Image

        if column not in part.column_names:
            raise InvalidRequestError(f"dataset: split '{split}' lacks the column '{column}'.")
        self._rows = part.select_columns([column]).cast_column(column, Image(decode=False))
        self._split, self._column = split, column

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        return read_image(self._name(index), self._bytes(index))

    def check(self) -> None:
        """Refuse what cannot be a picture, without reading all of each."""
        for row in range(len(self)):
            check_image(self._name(row), self._bytes(row))

    def _name(self, row: int) -> str:
        return f"image-column: row {row} of '{self._column}' in split '{self._split}'"

    def _bytes(self, row: int) -> bytes:
        value: Mapping[str, Any] | None = self._rows[row][self._column]
        if value and value.get("bytes"):
            return bytes(value["bytes"])
        path = Path((value or {}).get("path") or "")
        if not path.is_file():
            raise InvalidRequestError(f"{self._name(row)}: there is no picture; remove the row.")
        return path.read_bytes()
