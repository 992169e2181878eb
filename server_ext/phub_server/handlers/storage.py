"""How much storage one's repositories take, or those of an organization."""

from __future__ import annotations

from phub_server.base import HubHandler
from phub_server.routing import NAMESPACE, Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 1000


class StorageHandler(HubHandler):
    """Repositories with the bytes that they take, largest first."""

    async def get(self, namespace: str | None = None) -> None:
        limit, offset = page_limit(self, _LARGEST_PAGE), self.whole_number("skip", 0)
        page = await self.run(self.hub.storage.page, self.actor, namespace, limit, offset)
        items = [
            {
                "id": f"{repo.namespace}/{repo.name}",
                "type": repo.type,
                "updatedAt": timestamp(repo.updated_at),
                "visibility": repo.visibility,
                "storage": repo.used_storage,
                "storagePercent": round(100 * repo.used_storage / max(page.total, 1), 2),
            }
            for repo in page.repos
        ]
        self.reply_page(items, {"limit": limit, "skip": offset + limit} if page.more else None)


ROUTES: tuple[Route, ...] = (
    Route(r"/api/settings/repositories", StorageHandler),
    Route(rf"/api/organizations/{NAMESPACE}/settings/repositories", StorageHandler),
)
