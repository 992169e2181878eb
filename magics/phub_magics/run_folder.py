"""Where the records of training runs lie on this machine, and what lies beside a record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training import Record

__all__ = ["keep_cells", "read_cells", "runs_folder"]

_CELLS = "cells.json"


def runs_folder() -> Path:
    """The folder ``phub/runs`` of Jupyter's data folder; it may not exist yet."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "phub" / "runs"


def keep_cells(record: Record, cells: dict[str, Any]) -> None:
    """Keep what ran in the notebook before, for the push, which may come much later."""
    (record.folder / _CELLS).write_text(json.dumps(cells), "utf-8")


def read_cells(record: Record) -> dict[str, Any] | None:
    """What `keep_cells` kept; None if the person left it out."""
    try:
        cells: dict[str, Any] = json.loads((record.folder / _CELLS).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return cells
