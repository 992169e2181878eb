"""A run on a cluster as the notebook sees it: a job to begin, to listen to, and to send wishes."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from phub_jupyter.compute.training.control import Control, StoppedError
from phub_jupyter.compute.training.on_ray.lines import Hearing
from phub_jupyter.compute.training.on_ray.spec import Spec
from phub_jupyter.compute.training.record import Record
from phub_jupyter.errors import InvalidRequestError, StorageError

__all__ = ["RayRun"]

_PACKAGE = "phub_jupyter.compute.training.on_ray"
_AGAIN_AFTER = 2.0  # seconds until a connection that broke is tried again
_GIVE_UP_AFTER = 600.0  # seconds without any answer from the dashboard
_STOP_AFTER = 120.0  # seconds that a run has for stopping by itself
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}


class RayRun:
    """The job of one run. `wait` returns when it is over, with the folder to publish."""

    def __init__(self, address: str, record: Record, control: Control) -> None:
        os.environ.update(_QUIET)
        self._record = record
        self._control = control
        self._address = address
        self._client = _reach(address)
        self._over = threading.Event()
        self._run = ""
        self._job = ""
        self._heard = 0

    def begin(self, spec: Spec, token: str) -> None:
        """Go on listening to the run's job if there is one that may still tell something."""
        self._run = spec.run
        for line in self._record.events():
            if line["event"] == "job" and line["address"] == self._address:
                self._job, self._heard = line["id"], 0
            self._heard = max(self._heard, line.get("line", 0))
        if not (self._job and self._alive_or_ready()):
            self._submit(spec, token)

    def wait(self) -> dict[str, Any]:
        """Copy the job's lines into the record until it ends; return what it delivered.

        Raises StoppedError, or InvalidRequestError with what went wrong.
        """
        errands = threading.Thread(target=self._send_wishes, daemon=True)
        errands.start()
        hearing = Hearing()
        try:
            self._listen(hearing)
        finally:
            self._over.set()
            errands.join()
        return self._delivered(hearing)

    def _alive_or_ready(self) -> bool:
        """Whether the last job still runs, or ended well and was not heard to its end."""
        try:
            status = str(self._client.get_job_status(self._job).value)
        except RuntimeError:  # a cluster that was set up anew has never heard of it
            return False
        return status in ("PENDING", "RUNNING", "SUCCEEDED")

    def _submit(self, spec: Spec, token: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            spec.write(Path(folder), token)
            if self._record.path.exists():
                shutil.copy(self._record.path, folder)
            self._job = self._client.submit_job(
                entrypoint=f"python -m {_PACKAGE}.driver",
                runtime_env={"working_dir": folder, "env_vars": _QUIET},
                metadata={"phub_run": spec.run},
            )
        self._heard = 0
        self._record.append("job", address=self._address, id=self._job)

    def _listen(self, hearing: Hearing) -> None:
        deadline = time.monotonic() + _GIVE_UP_AFTER
        while True:
            try:
                asyncio.run(self._tail(hearing))
                if self._client.get_job_status(self._job).is_terminal():
                    return
                deadline = time.monotonic() + _GIVE_UP_AFTER
            except (OSError, RuntimeError, _broken_connection()) as error:
                if time.monotonic() > deadline:
                    raise StorageError(
                        f"ray: {self._address} does not answer any more ({type(error).__name__}); "
                        f"go on later with %phub train --resume {self._record.name}."
                    ) from None
            time.sleep(_AGAIN_AFTER)

    async def _tail(self, hearing: Hearing) -> None:
        hearing.begin()
        warnings.filterwarnings("ignore", "ssl=None is deprecated", DeprecationWarning)  # Ray's own
        async for piece in self._client.tail_job_logs(self._job):
            for line in hearing.hear(piece):
                if line["line"] > self._heard:
                    self._heard = line["line"]
                    self._record.append(**line)

    def _send_wishes(self) -> None:
        sent: frozenset[tuple[str, str]] = frozenset()
        stopped_at: float | None = None
        while not self._over.wait(1.0):
            wishes = self._control.wishes
            try:
                if wishes - sent:
                    self._send(wishes - sent)
                    sent = wishes
                if self._control.stopped:
                    stopped_at = stopped_at or time.monotonic()
                    if time.monotonic() > stopped_at + _STOP_AFTER:
                        self._client.stop_job(self._job)
            except (OSError, RuntimeError):
                continue  # the dashboard does not answer now; `_listen` gives up if it never does

    def _send(self, wishes: frozenset[tuple[str, str]]) -> None:
        words = " ".join(f"{what}:{candidate}" for what, candidate in wishes)
        self._client.submit_job(
            entrypoint=f"python -m {_PACKAGE}.wish {self._run} {words}",
            runtime_env={"env_vars": _QUIET},
        )

    def _delivered(self, hearing: Hearing) -> dict[str, Any]:
        last: dict[str, Any] = {}
        for line in self._record.events():
            if line["event"] == "job":
                last = {}
            elif "line" in line and line["event"] in ("delivered", "problem", "run"):
                last = line
        if last.get("event") == "delivered":
            return last
        if last.get("status") == "stopped" or self._control.stopped:
            raise StoppedError
        reason = last.get("message") or last.get("reason") or " / ".join(hearing.said[-3:])
        raise InvalidRequestError(
            f"ray: job {self._job} ended without a result: {reason or 'its log is empty'}"
        )


def _broken_connection() -> type[Exception]:
    error: type[Exception] = import_module("aiohttp").ClientError
    return error


def _reach(address: str) -> Any:
    try:
        library: Any = import_module("ray.job_submission")
    except ImportError:
        raise InvalidRequestError(
            "on: ray is not installed here; pip install 'phub-jupyter[ray]'."
        ) from None
    try:
        return library.JobSubmissionClient(address)
    except (ConnectionError, RuntimeError) as error:
        raise InvalidRequestError(
            f"PHUB_RAY_ADDRESS: no Ray dashboard answers at {address} "
            f"({str(error).splitlines()[0]}); check the address."
        ) from None
