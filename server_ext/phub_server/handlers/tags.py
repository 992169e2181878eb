"""What filter menus offer: tags in use by kind, tasks, and what a person may have meant."""

from __future__ import annotations

from typing import Any

from phub_jupyter.hub.catalog.listing import Listing
from phub_jupyter.identifiers import RepoType
from phub_jupyter.tasks import TASKS, Task
from phub_server.base import HubHandler
from phub_server.routing import Route
from phub_server.wire import page_limit

__all__ = ["ROUTES"]

_KINDS = {
    RepoType.MODEL: ("language", "license", "dataset", "base_model"),
    RepoType.DATASET: (
        *("language", "license", "task_categories", "task_ids", "size_categories"),
        *("multilinguality", "annotations_creators"),
    ),
}
_MOST_SUGGESTIONS = 20
_SHOWN_MODELS = 5


class TagsHandler(HubHandler):
    """``{type: [{id, label, type}]}`` over the repositories that the caller may see."""

    async def get(self, plural: str) -> None:
        """Answer every tag in use, each under its kind."""
        repo_type = RepoType(plural.removesuffix("s"))
        tags, libraries = await self.run(self.hub.search.all_tags, self.actor, repo_type)
        by_kind: dict[str, list[dict[str, str]]] = {}
        for tag in tags:
            item = _described(tag, repo_type, libraries)
            by_kind.setdefault(item["type"], []).append(item)
        self.reply(by_kind)


def _described(tag: str, repo_type: RepoType, libraries: set[str]) -> dict[str, str]:
    kind, colon, label = tag.partition(":")
    if colon and kind in _KINDS[repo_type]:
        item = {"id": tag, "label": label, "type": kind}
        task = TASKS.get(label) if kind == "task_categories" else None
        return item if task is None else {**item, "label": task.label, "subType": task.modality}
    if repo_type is RepoType.MODEL and tag in TASKS:
        task = TASKS[tag]
        return {"id": tag, "label": task.label, "type": "pipeline_tag", "subType": task.modality}
    kind = "library" if tag in libraries else "other"
    return {"id": tag, "label": tag, "type": kind}


class PublicTasksHandler(HubHandler):
    """The tasks, as the client's inference looks for a model when it is given none."""

    async def get(self) -> None:
        """Answer the tasks by name; ``widgetModels`` are those that this hub can run."""
        self.reply(await self.run(self._tasks))

    def _tasks(self) -> dict[str, Any]:
        return {
            task.name: {
                "id": task.name,
                "label": task.label,
                "widgetModels": self._models(task) if task.servable else [],
            }
            for task in TASKS.values()
        }

    def _models(self, task: Task) -> list[str]:
        listing = Listing(pipeline_tag=task.name, limit=_SHOWN_MODELS)
        found = self.hub.search.listing(self.actor, RepoType.MODEL, listing)
        return [f"{repo.namespace}/{repo.name}" for repo in found[:_SHOWN_MODELS]]


class SuggestHandler(HubHandler):
    """What a person may have meant, forgiving typing errors."""

    async def get(self) -> None:
        """Answer names, tags, tasks and accounts like ``q``, the most alike first."""
        limit = page_limit(self, _MOST_SUGGESTIONS)
        typed = self.get_query_argument("q", "")
        found = await self.run(self.hub.suggestions.of, self.actor, typed, limit)
        self.reply(
            [
                {"kind": one.kind, "value": one.value, "label": one.label, "score": one.score}
                for one in found
            ]
        )


ROUTES: tuple[Route, ...] = (
    Route(r"/api/(?P<plural>models|datasets)-tags-by-type", TagsHandler),
    Route(r"/api/tasks", PublicTasksHandler),
    Route(r"/api/phub/suggest", SuggestHandler),
)
