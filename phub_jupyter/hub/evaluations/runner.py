"""Computes queued evaluations, one at a time, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phub_jupyter.errors import HubError, StorageError
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
_PAUSE = 30  # seconds


class EvaluationRunner:
    """Works on the queue while the hub serves; all of it belongs to one event loop.

    No evaluation takes longer than ``patience`` seconds. What the models answered is on disk, so
    an evaluation that the end of the hub interrupted goes on where it was.
    """

    def __init__(
        self,
        jobs: EvaluationJobs,
        snapshots: Snapshots,
        publication: Publication,
        folder: Path,
        *,
        patience: float = 6 * 3600,
    ) -> None:
        self._jobs = jobs
        self._snapshots = snapshots
        self._publication = publication
        self._folder = folder
        self._patience = patience
        self._wake = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._running = ""
        self._cancelled = False
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
        if uid == self._running:
            self._cancelled = True
            self._kill()
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
                await self._wake.wait()
            except Exception:  # the database may be gone: the queue is still there later
                _LOG.exception("Evaluations cannot be computed at the moment.")
                await asyncio.sleep(_PAUSE)
                with contextlib.suppress(Exception):
                    await asyncio.to_thread(self._jobs.recover)
            self._wake.clear()

    async def _compute(self, job: EvaluationJob) -> None:
        self._running, self._cancelled, self._progress = job.uid, False, None
        try:
            async with asyncio.timeout(self._patience):
                await asyncio.to_thread(self._prepare, job)
                problem = await self._run(job.uid)
            if problem:
                await asyncio.to_thread(self._jobs.end, job, "failed", problem)
            elif not self._cancelled:
                await asyncio.to_thread(self._finish, job)
        except TimeoutError:
            reason = f"It took longer than {self._patience / 3600:.1f} hours; ask for fewer rows."
            await asyncio.to_thread(self._jobs.end, job, "failed", reason)
        except HubError as error:
            await asyncio.to_thread(self._jobs.end, job, "failed", error.message)
        except Exception as error:  # a full disk, a damaged file: the next one may be possible
            _LOG.exception("The evaluation %s failed.", job.uid)
            reason = f"The hub could not compute it ({type(error).__name__}); ask its admin."
            await asyncio.to_thread(self._jobs.end, job, "failed", reason)
        finally:
            if self._cancelled:  # what was written after it had been forgotten
                shutil.rmtree(self._folder / job.uid, ignore_errors=True)
            self._running, self._progress = "", None

    def _prepare(self, job: EvaluationJob) -> None:
        """Write down for the program what it is to do, with all files in place."""
        body = {
            "settings": job.settings,
            "models": [[each["name"], str(self._files(each))] for each in job.models],
            "dataset": str(self._files(job.dataset)),
            "noted": {
                "models": [_noted(each) for each in job.models],
                "dataset": _noted(job.dataset),
            },
        }
        folder = self._folder / job.uid
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "job.json").write_text(json.dumps(body), "utf-8")

    def _files(self, source: Mapping[str, Any]) -> Path:
        return self._snapshots.folder(self._jobs.right(source).repo, source["commit"])

    async def _run(self, uid: str) -> str:
        """Run the program; returns why it failed, or nothing."""
        folder = self._folder / uid
        if self._cancelled:
            return ""
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
        if self._cancelled:
            self._kill()
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

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def _finish(self, job: EvaluationJob) -> None:
        if not self._jobs.is_running(job):
            return
        report = self.report(job.uid)
        problem = self._push(job, report) if job.push else ""
        self._jobs.end(job, "finished", problem)
        shutil.rmtree(self._folder / job.uid / "predictions", ignore_errors=True)

    def _push(self, job: EvaluationJob, report: Mapping[str, Any]) -> str:
        """Publish what has not been published yet; returns what was refused, or nothing."""
        done = {each["model"] for each in job.pushed}
        problems = []
        for model in job.models:
            if model["repo"] not in done:
                try:
                    right = self._jobs.right(model)
                    place = self._publication.publish(job, model, right, report)
                except HubError as error:
                    problems.append(f"{model['repo']} has no results: {error.message}")
                else:
                    self._jobs.note_pushed(job, place)
        return " ".join(problems)


def _noted(source: Mapping[str, Any]) -> dict[str, Any]:
    return {name: source[name] for name in ("repo", "uid", "commit")}
