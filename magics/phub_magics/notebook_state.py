"""Whether the code that runs is the code that was saved and committed."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

__all__ = ["NotebookState", "notebook_sentence"]


@dataclass(frozen=True, slots=True)
class NotebookState:
    """A notebook when it started a run.

    ``commit`` is that of its git repository, None without one; ``uncommitted`` is about the file
    of the notebook, ``dirty_tree`` about any file of the repository.
    """

    name: str
    unsaved: bool
    commit: str | None
    uncommitted: bool | None
    dirty_tree: bool | None

    @classmethod
    def of(cls, shell: Any) -> Self | None:
        """The notebook of a kernel, which Jupyter tells in ``JPY_SESSION_NAME``; None without."""
        path = Path(os.environ.get("JPY_SESSION_NAME", ""))
        if path.suffix != ".ipynb" or not path.is_file():
            return None
        unsaved = _is_unsaved(path, _running_cell(shell))
        commit = _git(path, "rev-parse", "HEAD")
        if commit is None:
            return cls(path.name, unsaved, None, None, None)
        changed = bool(_git(path, "status", "--porcelain", "--", path.name))
        dirty = changed or bool(_git(path, "status", "--porcelain"))
        return cls(path.name, unsaved, commit, changed, dirty)


def notebook_sentence(notebook: NotebookState | None) -> str:
    """One sentence for the card about the notebook from which a run was started."""
    if notebook is None:
        return "Started outside a saved notebook, so its code cannot be looked up."
    remarks = ["had unsaved changes" if notebook.unsaved else "was saved"]
    if notebook.commit is None:
        remarks.append("was not under version control")
    elif notebook.uncommitted:
        remarks.append(f"had uncommitted changes on top of git commit `{notebook.commit}`")
    else:
        remarks.append(f"was committed (git commit `{notebook.commit}`)")
    return f"Started from the notebook `{notebook.name}`, which {' and '.join(remarks)}."


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
