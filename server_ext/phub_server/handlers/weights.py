"""The tensors of a model in many files, by one request."""

from __future__ import annotations

from phub_jupyter.hub.access import Action
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, PATH, Route

__all__ = ["ROUTES"]


class WeightsHandler(HubHandler):
    """The headers of all safetensors files that an index file names."""

    async def get(self, namespace: str, name: str, path: str) -> None:
        repo = await self.repo(Action.CONTENT, "models", namespace, name)
        self.reply(await self.run(self.hub.weights.sharded, repo, path))


ROUTES: tuple[Route, ...] = (
    Route(rf"/api/models/{NAMESPACE}/{NAME}/safetensors-metadata/{PATH}", WeightsHandler),
)
