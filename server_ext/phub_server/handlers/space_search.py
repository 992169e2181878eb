"""The client's search for Spaces by words: full text, in the form of the public hub's search."""

from __future__ import annotations

from typing import Any

from phub_jupyter.hub.catalog.search import Query
from phub_jupyter.hub.catalog.trending import trending_score
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.hub.spaces.state import Stage
from phub_server.base import HubHandler
from phub_server.routing import Route
from phub_server.wire import timestamp

__all__ = ["ROUTES"]

_MOST = 100


class SpaceSearchHandler(HubHandler):
    """Spaces whose name, card or tags hold the words; nothing is guessed about their meaning."""

    async def get(self) -> None:
        """Answer the Spaces found, running ones only unless ``includeNonRunning`` is set."""
        sdks = set(self.get_query_arguments("sdk"))
        query = Query(
            text=self.get_query_argument("q", ""),
            facets={"type": ["space"], "tag": self.get_query_arguments("filter")},
            limit=_MOST,
            counts=False,
        )
        everything = self.query_flag("includeNonRunning")
        self.reply(await self.run(self._found, query, sdks, everything))

    def _found(self, query: Query, sdks: set[str], everything: bool) -> list[dict[str, Any]]:
        page = self.hub.search.find(self.actor, query)
        found = []
        for place, repo in enumerate(page.repos):
            stage = self.hub.spaces.state(repo).stage
            if (sdks and repo.sdk not in sdks) or not (everything or stage is Stage.RUNNING):
                continue
            score = 1 - place / (len(page.repos) + 1)
            found.append(_space(repo, page.tags[repo.pk], stage, score))
        return found


def _space(repo: Repo, tags: list[str], stage: Stage, score: float) -> dict[str, Any]:
    card = repo.card_data
    return {
        "id": f"{repo.namespace}/{repo.name}",
        "author": repo.namespace,
        "title": _text(card.get("title")) or repo.name,
        "emoji": _text(card.get("emoji")),
        "sdk": repo.sdk,
        "likes": repo.likes,
        "private": repo.private,
        "tags": tags,
        "runtime": {"stage": stage.value},
        "lastModified": timestamp(repo.updated_at),
        "shortDescription": _text(card.get("short_description")),
        "ai_short_description": _text(card.get("short_description")),
        "ai_category": None,
        "semanticRelevancyScore": round(score, 3),
        "trendingScore": trending_score(repo),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


ROUTES: tuple[Route, ...] = (Route(r"/api/spaces/semantic-search", SpaceSearchHandler),)
