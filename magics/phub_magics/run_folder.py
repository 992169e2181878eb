"""Where the records of training runs lie on this machine."""

from __future__ import annotations

from pathlib import Path

__all__ = ["runs_folder"]


def runs_folder() -> Path:
    """The folder ``phub/runs`` of Jupyter's data folder; it may not exist yet."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "phub" / "runs"
