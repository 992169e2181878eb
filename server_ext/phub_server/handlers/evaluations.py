"""Evaluations that the hub computes: asked for, followed, cancelled."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import ConflictError
from phub_jupyter.hub.access import require_own
from phub_jupyter.hub.database.tables import EvaluationJob
from phub_jupyter.hub.serving.serving import require_libraries
from phub_server.base import HubHandler
from phub_server.evaluation_bodies import read_wish
from phub_server.routing import Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 100


class _EvaluationHandler(HubHandler):
    def describe(self, job: EvaluationJob) -> dict[str, Any]:
        """A job as JSON."""
        return {
            "id": job.uid,
            "status": job.status,
            "models": [{"id": each["repo"], "sha": each["commit"]} for each in job.models],
            "dataset": {"id": job.dataset["repo"], "sha": job.dataset["commit"]},
            "settings": job.settings,
            "push": job.push,
            "pushed": job.pushed,
            "error": job.reason or None,
            "progress": self.hub.evaluation_runner.progress(job.uid),
            "createdAt": timestamp(job.created_at),
            "startedAt": timestamp(job.started_at) if job.started_at else None,
            "endedAt": timestamp(job.ended_at) if job.ended_at else None,
            "report": f"{self.endpoint}/api/phub/evaluations/{job.uid}/report",
        }


class EvaluationsHandler(_EvaluationHandler):
    """The caller's evaluations, newest first, and new ones."""

    async def get(self) -> None:
        """Answer at most ``limit`` of them."""
        limit = page_limit(self, _LARGEST_PAGE)
        found = await self.run(self.hub.evaluation_jobs.of, self.actor, limit)
        self.reply([self.describe(job) for job in found])

    async def post(self) -> None:
        """Queue an evaluation, and answer 202 with where it can be followed."""
        require_own(self.actor)
        wish = read_wish(self.json_body())
        job = await self.run(self.hub.evaluation_jobs.add, self.actor, wish)
        self.hub.evaluation_runner.wake()
        self.set_header("Location", f"{self.endpoint}/api/phub/evaluations/{job.uid}")
        self.reply(self.describe(job), 202)

    async def prepare_request(self) -> None:
        """Refuse at once what could never be computed here."""
        if self.request.method == "POST":
            require_libraries()
        await super().prepare_request()


class EvaluationHandler(_EvaluationHandler):
    """One of the caller's evaluations."""

    async def get(self, evaluation: str) -> None:
        """Answer how it is going."""
        self.reply(
            self.describe(await self.run(self.hub.evaluation_jobs.find, self.actor, evaluation))
        )

    async def delete(self, evaluation: str) -> None:
        """Cancel it, or forget it if it has ended."""
        await self.run(self.hub.evaluation_jobs.remove, self.actor, evaluation)
        await self.hub.evaluation_runner.forget(evaluation)
        self.reply({})


class EvaluationReportHandler(_EvaluationHandler):
    """Everything that an evaluation found: scores, comparisons, slices, mistakes."""

    async def get(self, evaluation: str) -> None:
        """Answer with the report, once it is there."""
        job = await self.run(self.hub.evaluation_jobs.find, self.actor, evaluation)
        if job.status != "finished":
            why = job.reason or "there is a report once it is finished"
            raise ConflictError(f"This evaluation is {job.status}: {why}.")
        self.reply(await self.run(self.hub.evaluation_runner.report, evaluation))


_ONE = r"/api/phub/evaluations/(?P<evaluation>[0-9a-f]{32})"

ROUTES: tuple[Route, ...] = (
    Route(r"/api/phub/evaluations", EvaluationsHandler),
    Route(_ONE, EvaluationHandler),
    Route(rf"{_ONE}/report", EvaluationReportHandler),
)
