"""The Inference API: ``POST /models/{id}`` in the shapes of the public one."""

from __future__ import annotations

import base64
from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.frames import Media
from phub_jupyter.hub.access import Action
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.tasks import TASKS
from phub_server.base import HubHandler
from phub_server.handlers.not_built import NotBuiltHandler
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES"]

_FILES = ("image", "audio")


class InferenceHandler(HubHandler):
    """Calls a model."""

    async def post(self, namespace: str, name: str, task: str | None = None) -> None:
        """Answer ``{"inputs", "parameters", …}``, or a bare text, picture or sound."""
        repo = await self.repo(Action.CONTENT, "models", namespace, name)
        chosen = servable_task(repo, task)
        body = self._body(chosen)
        commit = await self.run(self._commit, repo)
        answer = await self.hub.serving.infer(repo, commit, chosen, body)
        if isinstance(answer, Media):
            self.set_header("Content-Type", answer.content_type)
            self.finish(answer.data)
        else:
            self.reply(answer)

    def _commit(self, repo: Repo) -> str:
        return self.hub.repositories.open(repo).resolve("main")

    def _body(self, task: str) -> dict[str, Any]:
        media = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if TASKS[task].inputs in _FILES and not self._is_json(media):
            return {"inputs": base64.b64encode(self.request.body).decode("ascii")}
        if media == "text/plain":
            return {"inputs": self._text()}
        return self.json_body()

    def _is_json(self, media: str) -> bool:
        # Clients send files with any type or none; no picture or sound begins with a brace.
        return media == "application/json" or self.request.body.lstrip()[:1] == b"{"

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
