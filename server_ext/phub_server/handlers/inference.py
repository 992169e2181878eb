"""The Inference API: ``POST /models/{id}`` in the shapes of the public one."""

from __future__ import annotations

import base64
from typing import Any

from phub_jupyter.errors import HubError, InvalidRequestError
from phub_jupyter.hub.serving.servable import servable_task
from phub_jupyter.tasks import TASKS
from phub_server.handlers.inference_base import MODEL, ModelHandler, error_type
from phub_server.routing import Route

__all__ = ["ROUTES"]

_FILES = ("image", "audio")


class InferenceHandler(ModelHandler):
    """Calls a model."""

    async def post(
        self, namespace: str, name: str, revision: str | None = None, task: str | None = None
    ) -> None:
        """Answer ``{"inputs", "parameters", …}``, or a bare text, picture or sound."""
        repo, commit = await self.model(namespace, name, revision)
        chosen = servable_task(repo, task)
        try:
            await self.answer(repo, commit, chosen, self._body(chosen))
        except HubError as error:
            if chosen == "text-generation":
                error.extra.setdefault("error_type", error_type(error))
            raise

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


class ModelInfoHandler(ModelHandler):
    """Says what answers at a model's address, as deployed models do."""

    async def get(self, namespace: str, name: str, revision: str | None = None) -> None:
        """The model, its commit and its task; an error where calls would be refused."""
        repo, commit = await self.model(namespace, name, revision)
        self.reply(
            {
                "model_id": f"{repo.namespace}/{repo.name}",
                "sha": commit,
                "model_pipeline_tag": servable_task(repo, None),
                "running": await self.hub.serving.runs_as(repo, commit),
            }
        )


class ModelHealthHandler(ModelHandler):
    """Says whether calls to a model would be taken."""

    async def get(self, namespace: str, name: str, revision: str | None = None) -> None:
        """200 when they would be; the worker itself starts with the first call."""
        repo, _ = await self.model(namespace, name, revision)
        servable_task(repo, None)
        self.reply({"status": "ok"})


ROUTES: tuple[Route, ...] = (
    Route(MODEL, InferenceHandler),
    Route(rf"{MODEL}/pipeline/(?P<task>[^/]+)", InferenceHandler),
    Route(rf"{MODEL}/info", ModelInfoHandler),
    Route(rf"{MODEL}/health", ModelHealthHandler),
)
