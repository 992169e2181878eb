"""How often models are called, by whom, and how fast they answer."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import AuthenticationError, InvalidRequestError
from phub_jupyter.hub.access import Action, require_hub_admin
from phub_jupyter.hub.serving.tally import Tally, quantile
from phub_jupyter.hub.serving.usage_report import UsageReport
from phub_server.base import HubHandler
from phub_server.metrics import CONTENT_TYPE, exposition
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES"]

_MOST_DAYS = 366


class _UsageHandler(HubHandler):
    def days(self) -> int:
        """How many days are asked for, today included."""
        days = self.whole_number("days", 30)
        if not 1 <= days <= _MOST_DAYS:
            raise InvalidRequestError(f"days: use a whole number from 1 to {_MOST_DAYS}.")
        return days


class ModelUsageHandler(_UsageHandler):
    """All calls of a model, for those who may write to it."""

    async def get(self, namespace: str, name: str) -> None:
        """Sums of the last ``days``, by day, task and caller."""
        repo = await self.repo(Action.WRITE, "models", namespace, name)
        report = await self.run(self.hub.usage_reports.of_model, self.actor, repo, self.days())
        callers = [
            {"user": caller.user, "token": caller.token, **_sums(tally)}
            for caller, tally in report.by_caller.items()
        ]
        self.reply(
            {"model": f"{repo.namespace}/{repo.name}", **_common(report), "by_caller": callers}
        )


class OwnUsageHandler(_UsageHandler):
    """A person's own calls."""

    async def get(self) -> None:
        """Sums of the last ``days``, by day, task, model and token."""
        if self.actor.pk is None:
            raise AuthenticationError("Log in to see what you have called.")
        report = await self.run(
            self.hub.usage_reports.of_person, self.actor, self.actor.pk, self.days()
        )
        models = [{"model": name, **_sums(tally)} for name, tally in report.by_model.items()]
        tokens = [
            {"token": caller.token, **_sums(tally)} for caller, tally in report.by_caller.items()
        ]
        self.reply({**_common(report), "by_model": models, "by_token": tokens})


class MetricsHandler(HubHandler):
    """The hub's numbers for Prometheus."""

    async def get(self) -> None:
        """Everything since the server started, in the text format of Prometheus."""
        require_hub_admin(self.actor)
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(await self.run(exposition, self.hub))


def _common(report: UsageReport) -> dict[str, Any]:
    return {
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        **_sums(report.total),
        "by_day": [
            {"day": day.isoformat(), **_sums(tally)} for day, tally in report.by_day.items()
        ],
        "by_task": [{"task": task, **_sums(tally)} for task, tally in report.by_task.items()],
    }


def _sums(tally: Tally) -> dict[str, Any]:
    answered = tally.outcomes["answered"]
    errors = {name: number for name, number in tally.outcomes.items() if name != "answered"}
    return {
        "requests": tally.requests,
        "answered": answered,
        "errors": errors,
        "tokens": {"in": tally.tokens_in, "out": tally.tokens_out},
        "latency": {
            "sum": round(tally.seconds, 3),
            "mean": round(tally.seconds / answered, 4) if answered else None,
            **{
                name: None
                if (found := quantile(tally.latencies, share)) is None
                else round(found, 4)
                for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            },
        },
    }


ROUTES: tuple[Route, ...] = (
    Route(rf"/api/models/{NAMESPACE}/{NAME}/usage", ModelUsageHandler),
    Route(r"/api/settings/usage", OwnUsageHandler),
    Route(r"/api/phub/metrics", MetricsHandler),
)
