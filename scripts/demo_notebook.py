"""Executes a notebook on a real kernel, cell by cell, and keeps what it showed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

__all__ = ["execute"]

_CELL_TIMEOUT = 900  # seconds


def execute(
    notebook: Path, target: Path, environment: dict[str, str], say: Callable[[str], None]
) -> None:
    """Run all cells with these variables in the kernel's environment; write the result.

    Raises RuntimeError with the cell's error. The result is written even then.
    """
    document = nbformat.read(notebook, as_version=4)
    begun: dict[int, float] = {}

    def started(cell: Any, cell_index: int) -> None:
        begun[cell_index] = time.monotonic()

    def finished(cell: Any, cell_index: int, execute_reply: Any) -> None:
        seconds = time.monotonic() - begun[cell_index]
        say(f"cell {cell_index + 1}: {_title(cell)} ({seconds:.1f} s)")

    client = NotebookClient(
        document,
        timeout=_CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_execute=started,
        on_cell_executed=finished,
    )
    # JPY_SESSION_NAME is what a Jupyter server tells a kernel about its notebook.
    kernel = {**os.environ, **environment, "JPY_SESSION_NAME": str(notebook)}
    try:
        client.execute(env=kernel)
    except CellExecutionError as error:
        raise RuntimeError(f"{notebook.name} stopped: {error}") from None
    finally:
        nbformat.write(document, target)


def _title(cell: Any) -> str:
    lines = [line for line in cell["source"].splitlines() if line.strip()]
    calls = [line for line in lines if not line.startswith(("import ", "from "))]
    return (calls or lines or [""])[0].strip()[:60]
