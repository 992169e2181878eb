"""Computes queued evaluations, one at a time, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from phub_jupyter.errors import HubError, StorageError
from phub_jupyter.hub.accounts import Accounts
from phub_jupyter.hub.bare_environment import bare_environment
from phub_jupyter.hub.database.tables import EvaluationJob
from phub_jupyter.hub.evaluations.jobs import EvaluationJobs
from phub_jupyter.hub.evaluations.publication import Publication
from phub_jupyter.hub.repos.snapshots import Snapshots

__all__ = ["EvaluationRunner"]

_LOG = logging.getLogger("phub")
_PROGRAM = "phub_jupyter.compute.evaluation.job"
_REPORT = "report.json"
_LONGEST_LINE = 1 << 20


class EvaluationRunner:
    """Works on the queue while the hub serves; all of it belongs to one event loop.

    No evaluation takes longer than ``patience`` seconds. What the models answered is on disk, so
    an evaluation that the end of the hub interrupted goes on where it was.
    """

    def __init__(
        self,
        jobs: EvaluationJobs,
        accounts: Accounts,
        snapshots: Snapshots,
        publication: Publication,
        folder: Path,
        *,
        patience: float = 6 * 3600,
    ) -> None:
        self._jobs = jobs
        self._accounts = accounts
        self._snapshots = snapshots
        self._publication = publication
        self._folder = folder
        self._patience = patience
        self._wake = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._running = ""
        self._progress: dict[str, Any] | None = None

    def wake(self) -> None:
        """Look at the queue; called by whoever puts something into it, and at the start."""
        if self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._work())
        self._wake.set()

    async def stop(self) -> None:
        """End what is computed; the next start goes on with it."""
        if self._working is not None:
            self._working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._working
            self._working = None

    def progress(self, uid: str) -> dict[str, Any] | None:
        """How far an evaluation is: the model, and how many rows of how many it has answered."""
        return self._progress if uid == self._running else None

    async def forget(self, uid: str) -> None:
        """End an evaluation that was cancelled, and remove what it left on disk."""
        if uid == self._running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await asyncio.to_thread(shutil.rmtree, self._folder / uid, True)

    def report(self, uid: str) -> dict[str, Any]:
        """What a finished evaluation found. Raises StorageError if it is lost."""
        try:
            found: dict[str, Any] = json.loads((self._folder / uid / _REPORT).read_text("utf-8"))
        except (OSError, ValueError):
            raise StorageError("The report of this evaluation is lost; evaluate again.") from None
        return found

    async def _work(self) -> None:
        while True:
            try:
                while (job := await asyncio.to_thread(self._jobs.take)) is not None:
                    await self._compute(job)
            except Exception:  # the disk may be full: the queue is still there later
                _LOG.exception("Evaluations cannot be computed at the moment.")
            await self._wake.wait()
            self._wake.clear()

    async def _compute(self, job: EvaluationJob) -> None:
        self._running, self._progress = job.uid, None
        try:
            async with asyncio.timeout(self._patience):
                await asyncio.to_thread(self._prepare, job)
                problem = await self._run(job.uid)
            if problem:
                await asyncio.to_thread(self._jobs.end, job, "failed", problem)
            else:
                await asyncio.to_thread(self._finish, job)
        except TimeoutError:
            reason = f"It took longer than {self._patience / 3600:.1f} hours; ask for fewer rows."
            await asyncio.to_thread(self._jobs.end, job, "failed", reason)
        except HubError as error:
            await asyncio.to_thread(self._jobs.end, job, "failed", error.message)
        finally:
            self._running, self._progress = "", None

    def _prepare(self, job: EvaluationJob) -> None:
        """Write down for the program what it is to do, with all files in place."""
        actor = self._accounts.actor_for_user(self._jobs.owner(job))
        models, dataset = self._jobs.require_sources(actor, job)
        body = {
            "settings": job.settings,
            "models": [
                [each["repo"], str(self._snapshots.folder(repo, each["commit"]))]
                for repo, each in zip(models, job.models, strict=True)
            ],
            "dataset": str(self._snapshots.folder(dataset, job.dataset["commit"])),
            "noted": {"models": job.models, "dataset": job.dataset},
        }
        folder = self._folder / job.uid
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "job.json").write_text(json.dumps(body), "utf-8")

    async def _run(self, uid: str) -> str:
        """Run the program; returns why it failed, or nothing."""
        folder = self._folder / uid
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", _PROGRAM, str(folder)),
            stdin=asyncio.subprocess.PIPE,  # when it closes, the hub is gone
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=bare_environment(os.environ, folder),
            cwd=folder,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        self._process = process
        problem = ""
        try:
            assert process.stdout is not None
            async for line in process.stdout:
                told = json.loads(line)
                problem = told.get("error", problem)
                self._progress = told.get("progress", self._progress)
            code = await process.wait()
        finally:
            self._process = None
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code and not problem:
            problem = f"The process that evaluated ended (exit code {code}); try fewer rows."
        return problem

    def _finish(self, job: EvaluationJob) -> None:
        if not self._jobs.is_running(job):
            return
        report = self.report(job.uid)
        shutil.rmtree(self._folder / job.uid / "predictions", ignore_errors=True)
        pushed: list[dict[str, Any]] = []
        if job.push:
            actor = self._accounts.actor_for_user(self._jobs.owner(job))
            pushed = self._publication.publish(job, report, actor)
        self._jobs.end(job, "finished", pushed=pushed)
