"""What a person can try on a model."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import HubError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.tasks import TASKS
from phub_jupyter.widgets import examples_of, schema_of
from phub_server.base import HubHandler
from phub_server.handlers.inference_base import servable_task
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES"]


class WidgetHandler(HubHandler):
    """The task of a model, what a call takes, examples, and whether the hub can run it."""

    async def get(self, namespace: str, name: str) -> None:
        """Answer them; a model that cannot be run has a reason instead."""
        self.reply(_widget(await self.repo(Action.READ, "models", namespace, name)))


def _widget(repo: Repo) -> dict[str, Any]:
    reason = None
    try:
        servable_task(repo, None)
    except HubError as error:
        reason = error.message
    task = TASKS.get(repo.pipeline_tag or "")
    return {
        "id": f"{repo.namespace}/{repo.name}",
        "task": repo.pipeline_tag,
        "label": task.label if task else None,
        "inputs": task.inputs if task else None,
        "servable": reason is None,
        "reason": reason,
        "schema": schema_of(task) if task else None,
        "examples": examples_of(task, repo.card_data) if task else [],
    }


ROUTES: tuple[Route, ...] = (Route(rf"/api/models/{NAMESPACE}/{NAME}/widget", WidgetHandler),)
