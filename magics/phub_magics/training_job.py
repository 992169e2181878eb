"""A run on a worker thread, followed from the cell or in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

from phub_jupyter.compute.training import Control, Prepared, Record, Settings, prepare
from phub_jupyter.compute.training import run as run_training
from phub_jupyter.compute.training.control import StoppedError
from phub_jupyter.compute.training.engine import prepare_threads
from phub_jupyter.compute.training.state import RunState
from phub_jupyter.errors import NotSupportedError
from phub_magics.connection import Connection
from phub_magics.live_table import LiveTable, announced
from phub_magics.push import TrainingResult, push_run
from phub_magics.ray_training import train_on_ray
from phub_magics.sources import Sources

__all__ = ["TrainingJob", "follow"]

_REFRESH = 1.0  # seconds
_LIBRARIES = ("torch", "transformers", "datasets", "accelerate", "sklearn")


class TrainingJob:
    """One run and its push. ``cancel`` stops it within one step; ``wait`` gives the result."""

    def __init__(
        self,
        connection: Connection,
        prepared: Prepared,
        noted: dict[str, Any],
        record: Record,
        model_folder: Path | None,
    ) -> None:
        self.record = record
        self.control = Control()
        self._connection = connection
        self._prepared = prepared
        self._noted = noted
        self._model_folder = model_folder
        self._result: TrainingResult | None = None
        self._error: BaseException | None = None
        # Not Thread.join: an interrupt in it can mark a running thread as ended (Python 3.11).
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"phub-{record.name}", daemon=True)

    @classmethod
    def prepare(
        cls,
        connection: Connection,
        settings: Settings,
        noted: dict[str, Any],
        record: Callable[[], Record],
    ) -> TrainingJob:
        """Download and check everything, and only then open the record."""
        _require_libraries()
        prepare_threads()
        sources = Sources(noted["model"], noted["dataset"])
        here = "ray" not in noted
        with announced(f"Downloading {sources.names} …"):
            folder = sources.dataset_folder(connection)
            kind = sources.model_type(connection)
            prepared = prepare(settings, folder, sources.model is not None, kind)
            model_folder = sources.model_folder(connection) if here else None
        print(prepared.sentence())
        opened = record()
        if here and model_folder is None:
            model_folder = opened.folder  # recipes that start from no model never look into it
        return cls(connection, prepared, noted, opened, model_folder)

    def start(self) -> None:
        """Begin on the worker thread."""
        self._thread.start()

    def cancel(self) -> None:
        """Stop after the current step; the record stays and can be resumed."""
        self.control.stop()

    def wait(self, seconds: float | None = None) -> TrainingResult | None:
        """The result, or None if it is not there after so many seconds; raises what went wrong."""
        if not self._done.wait(seconds):
            return None
        if isinstance(self._error, StoppedError):
            raise UsageError(
                f"Stopped; what was done is kept. Go on with: "
                f"%phub train --resume {self.record.name}"
            )
        if self._error is not None:
            raise self._error
        return self._result

    def follow_in_background(self, shell: Any) -> None:
        """Keep the table up to date from a thread of its own."""
        threading.Thread(target=self._follow, args=(shell,), daemon=True).start()

    def __repr__(self) -> str:
        state = RunState.read(self.record.events())
        return f"Run {self.record.name}: {state.status}. Use .wait() for the result, .cancel()."

    def _follow(self, shell: Any) -> None:
        table = LiveTable(shell, self.record, self.control)
        while not self._done.is_set():
            table.update()
            self._done.wait(_REFRESH)
        table.close()

    def _work(self) -> None:
        try:
            self._train()
            target = self._noted["to"]
            self._result = push_run(
                self._connection,
                self.record,
                target["repo"],
                private=target["private"],
                number=self._prepared.settings.keep,
            )
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    def _train(self) -> None:
        """Train here or on the cluster; what can be published is in the run's folder then."""
        settings = self._prepared.settings
        if self._model_folder is None:
            train_on_ray(self._connection, self.record, settings, self._noted, self.control)
            return
        run_training(
            self.record,
            settings,
            self._prepared.data,
            self._model_folder,
            self.control,
            self._noted,
        )


def _require_libraries() -> None:
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise NotSupportedError(
            f"train: {', '.join(missing)} is not installed; pip install 'phub-jupyter[train]'."
        )


def follow(job: TrainingJob, shell: Any) -> TrainingResult | None:
    """Show the table until the run is over; an interrupt stops it after the current step."""
    table = LiveTable(shell, job.record, job.control)
    result = None
    try:
        while result is None:
            table.update()
            result = job.wait(_REFRESH)
    except KeyboardInterrupt:
        job.cancel()
        print("Stopping after the current step …")
        result = job.wait()
    finally:
        table.close()
    return result
