"""Whether the code that runs is the code that was saved and committed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["notebook_sentence"]


def notebook_sentence(shell: Any) -> str:
    """One sentence for the card about the notebook from which a run was started.

    Jupyter tells a kernel its notebook in ``JPY_SESSION_NAME``.
    """
    path = Path(os.environ.get("JPY_SESSION_NAME", ""))
    if path.suffix != ".ipynb" or not path.is_file():
        return "Started outside a saved notebook, so its code cannot be looked up."
    remarks = ["had unsaved changes" if _is_unsaved(path, _running_cell(shell)) else "was saved"]
    commit = _git(path, "rev-parse", "HEAD")
    if commit is None:
        remarks.append("was not under version control")
    elif _git(path, "status", "--porcelain", "--", path.name):
        remarks.append(f"had uncommitted changes on top of git commit `{commit}`")
    else:
        remarks.append(f"was committed (git commit `{commit}`)")
    return f"Started from the notebook `{path.name}`, which {' and '.join(remarks)}."


def _running_cell(shell: Any) -> str:
    try:
        return str(shell.get_parent()["content"]["code"])
    except (AttributeError, KeyError, TypeError):
        return str(shell.history_manager.input_hist_raw[-1])


def _is_unsaved(path: Path, cell: str) -> bool:
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        sources = ["".join(entry["source"]).strip() for entry in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return True
    return cell.strip() not in sources


def _git(path: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(path.parent), *words],
            capture_output=True,
            text=True,
            timeout=20,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
