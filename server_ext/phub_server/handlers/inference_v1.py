"""The calls of a model that programs written for chat services make."""

from __future__ import annotations

from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.serving.servable import servable_task
from phub_server.handlers.inference_base import MODEL, ModelHandler
from phub_server.routing import Route

__all__ = ["ROUTES"]


class _OtherFormHandler(ModelHandler):
    """Has a model do ``task``, called in the form ``kind``."""

    kind: str
    task = "text-generation"

    async def post(self, namespace: str, name: str, revision: str | None = None) -> None:
        """Answer at once, or as events if the body says ``stream``."""
        repo, commit = await self.model(namespace, name, revision)
        servable_task(repo, self.task)
        body = {**self.json_body(), "model": _name(repo)}
        await self.answer(repo, commit, self.kind, body, done=True)


class ChatHandler(_OtherFormHandler):
    """Answers a chat."""

    kind = "chat"


class CompletionHandler(_OtherFormHandler):
    """Continues a text."""

    kind = "completions"


class EmbeddingsHandler(_OtherFormHandler):
    """Makes vectors of texts."""

    kind = "embeddings"
    task = "feature-extraction"


class ModelListHandler(ModelHandler):
    """Lists the one model that answers below this address."""

    async def get(self, namespace: str, name: str, revision: str | None = None) -> None:
        """The model, as those programs look for it first."""
        repo, _ = await self.model(namespace, name, revision)
        servable_task(repo, None)
        model = {
            "id": _name(repo),
            "object": "model",
            "created": int(repo.created_at.timestamp()),
            "owned_by": repo.namespace,
        }
        self.reply({"object": "list", "data": [model]})


def _name(repo: Repo) -> str:
    return f"{repo.namespace}/{repo.name}"


ROUTES: tuple[Route, ...] = (
    Route(rf"{MODEL}/v1/chat/completions", ChatHandler),
    Route(rf"{MODEL}/v1/completions", CompletionHandler),
    Route(rf"{MODEL}/v1/embeddings", EmbeddingsHandler),
    Route(rf"{MODEL}/v1/models", ModelListHandler),
)
