"""An evaluation on a worker thread, followed from the cell, and taken up again after a stop."""

from __future__ import annotations

import json
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

from phub_jupyter.compute.evaluation.report import Report
from phub_jupyter.compute.evaluation.run import CancelledError, evaluate
from phub_jupyter.compute.evaluation.settings import Settings
from phub_jupyter.compute.training.engine import prepare_threads
from phub_jupyter.errors import NotFoundError, NotSupportedError
from phub_magics.connection import Connection
from phub_magics.evaluation_progress import ProgressLine
from phub_magics.evaluation_sources import EvaluationSources
from phub_magics.live_table import announced

__all__ = ["EvaluationJob", "evaluations_folder"]

_FILE_NAME = "evaluation.json"
_REFRESH = 0.5  # seconds
_LIBRARIES = ("torch", "transformers", "datasets", "scipy", "sklearn")


def evaluations_folder() -> Path:
    """Where evaluations lie on this machine; it may not exist yet."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "phub" / "evaluations"


class EvaluationJob:
    """One evaluation; what it has asked the models is on disk as soon as it is answered."""

    def __init__(
        self, connection: Connection, folder: Path, settings: Settings, sources: EvaluationSources
    ) -> None:
        self.folder = folder
        self.sources = sources
        self._connection = connection
        self._settings = settings
        self._progress: tuple[str, int, int] = ("", 0, 0)
        self._stopped = False
        self._report: Report | None = None
        self._error: BaseException | None = None
        self._done = threading.Event()

    @classmethod
    def begin(
        cls, connection: Connection, runs: Path, settings: Settings, sources: EvaluationSources
    ) -> EvaluationJob:
        """Write down what is to be evaluated, in a new folder of ``runs``."""
        _require_libraries()
        runs.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        number = 1
        while True:
            folder = runs / (stamp if number == 1 else f"{stamp}-{number}")
            try:
                folder.mkdir()
                break
            except FileExistsError:
                number += 1
        body = {"settings": settings.as_json(), "sources": sources.as_json()}
        (folder / _FILE_NAME).write_text(json.dumps(body), "utf-8")
        return cls(connection, folder, settings, sources)

    @classmethod
    def again(cls, connection: Connection, runs: Path, name: str) -> EvaluationJob:
        """Take an evaluation up again. Raises NotFoundError."""
        _require_libraries()
        folder = runs / Path(name).name
        try:
            body = json.loads((folder / _FILE_NAME).read_text("utf-8"))
        except (OSError, ValueError):
            raise NotFoundError(
                f"resume: there is no evaluation '{name}' in {runs}; start one without --resume."
            ) from None
        sources = EvaluationSources(**body["sources"])
        return cls(connection, folder, Settings.from_json(body["settings"]), sources)

    def follow(self, shell: Any) -> Report:
        """Evaluate and show how far it is; an interrupt stops it after the current rows."""
        prepare_threads()
        threading.Thread(target=self._work, name=f"phub-{self.folder.name}", daemon=True).start()
        line = ProgressLine(shell)
        try:
            while not self._done.wait(_REFRESH):
                line.show(*self._progress)
        except KeyboardInterrupt:
            self._stopped = True
            print("Stopping after the current rows …")
            self._done.wait()
        finally:
            line.close()
        if isinstance(self._error, CancelledError):
            raise UsageError(
                "Stopped; what was answered is kept. Go on with: "
                f"%phub evaluate --resume {self.folder.name}"
            )
        if self._error is not None:
            raise self._error
        assert self._report is not None
        return self._report

    def _work(self) -> None:
        try:
            with announced("Downloading …"):
                dataset = self.sources.dataset_folder(self._connection)
                models = self.sources.model_folders(self._connection)
                own = self.sources.metric_folders(self._connection)
            self._report = evaluate(
                self._settings,
                models,
                dataset,
                self.folder,
                own=own,
                noted=self.sources.as_json(),
                progress=self._note,
                cancelled=lambda: self._stopped,
            )
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    def _note(self, model: str, done: int, rows: int) -> None:
        self._progress = (model, done, rows)


def _require_libraries() -> None:
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise NotSupportedError(
            f"evaluate: {', '.join(missing)} is not installed; pip install 'phub-jupyter[train]'."
        )
