"""The program that evaluates for the hub, in a process of its own.

``python -m phub_jupyter.compute.evaluation.job FOLDER`` reads ``job.json`` there: settings, the
models as pairs of name and folder, and the folder of the dataset. It prints a line of JSON for
each step (``progress``) or for what is wrong (``error``), and leaves ``report.json``. When its
standard input closes, which also happens when the hub dies, it ends at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from phub_jupyter.compute.evaluation.run import evaluate
from phub_jupyter.compute.evaluation.settings import Settings
from phub_jupyter.errors import HubError

__all__ = ["main"]

_KINDNESS = 10
_ORPHANED = 3


def main() -> int:
    """Evaluate what the folder says; the exit status tells whether there is a report."""
    os.nice(_KINDNESS)  # calls to models are waited for, this is not
    threading.Thread(target=_watch_parent, daemon=True).start()
    folder = Path(sys.argv[1])
    body = json.loads((folder / "job.json").read_text("utf-8"))
    try:
        evaluate(
            Settings.from_json(body["settings"]),
            [(name, Path(path)) for name, path in body["models"]],
            Path(body["dataset"]),
            folder,
            noted=body["noted"],
            progress=_tell_progress,
        )
    except HubError as error:
        _tell(error=error.message)
        return 1
    except (MemoryError, ImportError) as error:
        _tell(error=f"The evaluation failed: {type(error).__name__} {error}.")
        return 1
    return 0


def _tell_progress(model: str, done: int, rows: int) -> None:
    _tell(progress={"model": model, "done": done, "rows": rows})


def _tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def _watch_parent() -> None:
    while os.read(0, 1024):  # not by sys.stdin, whose lock would be missed at the end
        pass
    os._exit(_ORPHANED)


if __name__ == "__main__":
    sys.exit(main())
