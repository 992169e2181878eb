"""The Inference API: ``POST /models/{id}`` in the shapes of the public one."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.tasks import TASKS
from phub_server.base import HubHandler
from phub_server.handlers.not_built import NotBuiltHandler
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES"]

_FIELDS = frozenset({"inputs", "parameters", "options"})


class InferenceHandler(HubHandler):
    """Calls a model."""

    async def post(self, namespace: str, name: str, task: str | None = None) -> None:
        """Answer ``{"inputs", "parameters"}``, or the bare text of a ``text/plain`` body."""
        repo = await self.repo(Action.CONTENT, "models", namespace, name)
        chosen = servable_task(repo, task)
        inputs, parameters = self._call()
        commit = await self.run(self._commit, repo)
        self.reply(await self.hub.serving.infer(repo, commit, chosen, inputs, parameters))

    def _commit(self, repo: Repo) -> str:
        return self.hub.repositories.open(repo).resolve("main")

    def _call(self) -> tuple[Any, Any]:
        media = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media == "text/plain":
            return self._text(), None
        body = self.json_body()
        for field in body:
            if field not in _FIELDS:
                raise InvalidRequestError(f"{field}: unknown field; send inputs and parameters.")
        if "inputs" not in body:
            raise InvalidRequestError('inputs: missing; send {"inputs": "some text"}.')
        if not isinstance(body.get("options", {}), dict | None):
            raise InvalidRequestError("options: send a JSON object.")
        return body["inputs"], body.get("parameters")

    def _text(self) -> str:
        try:
            return self.request.body.decode()
        except UnicodeDecodeError:
            raise InvalidRequestError("body: the text is not UTF-8.") from None


class ModelInfoHandler(HubHandler):
    """Says what answers at a model's address, as deployed models do."""

    async def get(self, namespace: str, name: str) -> None:
        """The model, its commit and its task; an error where calls would be refused."""
        repo = await self.repo(Action.CONTENT, "models", namespace, name)
        commit = await self.run(lambda: self.hub.repositories.open(repo).resolve("main"))
        self.reply(
            {
                "model_id": f"{repo.namespace}/{repo.name}",
                "sha": commit,
                "model_pipeline_tag": servable_task(repo, None),
            }
        )


class ModelHealthHandler(HubHandler):
    """Says whether calls to a model would be taken."""

    async def get(self, namespace: str, name: str) -> None:
        """200 when they would be; the worker itself starts with the first call."""
        repo = await self.repo(Action.CONTENT, "models", namespace, name)
        servable_task(repo, None)
        self.reply({"status": "ok"})


def servable_task(repo: Repo, asked: str | None) -> str:
    """The task to run: the model's own, which must be the one asked for if any is.

    Raises InvalidRequestError or NotSupportedError that names the task.
    """
    own = repo.pipeline_tag
    if asked is not None and asked not in TASKS:
        raise InvalidRequestError(f"task: '{asked}' is not a known task.")
    if own is None:
        raise InvalidRequestError(
            f"model: {repo.namespace}/{repo.name} does not say what it is for; add "
            "'pipeline_tag: text-classification' (or its own task) to the model card."
        )
    task = asked or own
    if task not in TASKS or not TASKS[task].servable:
        known = ", ".join(row.name for row in TASKS.values() if row.servable)
        raise NotSupportedError(f"task: this hub cannot run '{task}' yet; it runs {known}.")
    if task != own:
        raise InvalidRequestError(
            f"task: {repo.namespace}/{repo.name} is a model for '{own}', not for '{task}'."
        )
    return task


_MODEL = rf"/models/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(_MODEL, InferenceHandler),
    Route(rf"{_MODEL}/pipeline/(?P<task>[^/]+)", InferenceHandler),
    Route(rf"{_MODEL}/info", ModelInfoHandler),
    Route(rf"{_MODEL}/health", ModelHealthHandler),
    Route(rf"{_MODEL}/v1/.*", NotBuiltHandler),
)
