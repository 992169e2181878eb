"""The rows that an evaluation is about: one split of a dataset, or some of its rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.splits import load_tables
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

__all__ = ["choose_rows", "load_split", "media_there", "rows_at"]

_USUAL = ("test", "validation", "valid", "val", "dev", "eval")


def load_split(folder: Path, wanted: str) -> tuple[str, Dataset]:
    """The split that is wanted, or the one that is for such use. Raises InvalidRequestError."""
    parts = {name: _undecoded(part) for name, part in load_tables(folder).items()}
    found = ", ".join(parts)
    if wanted:
        if wanted not in parts:
            raise InvalidRequestError(f"split: there is no '{wanted}'; the dataset has {found}.")
        return wanted, parts[wanted]
    for name in _USUAL:
        if name in parts:
            return name, parts[name]
    if len(parts) == 1:
        name = next(iter(parts))
        return name, parts[name]
    raise InvalidRequestError(f"split: none of {found} is for tests; choose one with --split.")


def choose_rows(usable: list[int], rows: int | None, seed: int) -> list[int]:
    """All usable rows, or so many of them, drawn by the seed and in their order."""
    if rows is None or rows >= len(usable):
        return usable
    import numpy as np

    drawn = np.random.default_rng(seed).choice(len(usable), rows, replace=False)
    return [usable[index] for index in sorted(drawn.tolist())]


def rows_at(part: Dataset, indices: Sequence[int], folder: Path) -> dict[str, list[Any]]:
    """Some rows, column by column; files that the dataset only names are read from its folder."""
    rows: dict[str, list[Any]] = part[list(indices)]
    for name, kind in part.features.items():
        if _is_media(kind):
            rows[name] = [_with_bytes(value, folder) for value in rows[name]]
    return rows


def media_there(part: Dataset, names: Iterable[str], rows: range, folder: Path) -> list[bool]:
    """Whether each row has its picture or sound in all of those columns that hold such.

    Looks at what the table says of the files, and reads none of them.
    """
    media = [name for name in names if _is_media(part.features.get(name))]
    if not media:
        return [True] * len(rows)
    table = part.select_columns(media).with_format("arrow")[rows.start : rows.stop]
    each = [_files_there(table[name], folder) for name in media]
    return [all(row) for row in zip(*each, strict=True)]


def _files_there(column: pa.ChunkedArray, folder: Path) -> list[bool]:
    from pyarrow import compute

    sizes = compute.binary_length(compute.struct_field(column, "bytes")).to_pylist()
    paths = compute.struct_field(column, "path").to_pylist()
    return [
        bool(size) or (size is None and _named_file(path, folder) is not None)
        for size, path in zip(sizes, paths, strict=True)
    ]


def _undecoded(part: Dataset) -> Dataset:
    """Pictures and sounds as the files they are, for the model's own reader."""
    for name, kind in part.features.items():
        if _is_media(kind):
            part = part.cast_column(name, type(kind)(decode=False))
    return part


def _is_media(kind: Any) -> bool:
    return type(kind).__name__ in ("Image", "Audio")


def _with_bytes(value: Any, folder: Path) -> Any:
    if value is None or value.get("bytes") is not None:
        return value
    path = _named_file(value.get("path"), folder)
    return value if path is None else {**value, "bytes": path.read_bytes()}


def _named_file(name: str | None, folder: Path) -> Path | None:
    """The file that a dataset names: it may name any, and only one in its own folder is read."""
    path = Path(os.path.normpath(folder / (name or "")))
    return path if path.is_relative_to(folder) and path.is_file() else None
