"""The side bar's search: all types at once, with counts for what else could be chosen."""

from __future__ import annotations

from typing import Any

from phub_jupyter.hub.catalog.facets import FACETS
from phub_jupyter.hub.catalog.search import Query, SearchPage
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.tasks import TASKS
from phub_server.base import HubHandler
from phub_server.routing import Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 100
_LANGUAGE = "language:"


class SearchHandler(HubHandler):
    """Repositories that the caller may read; see ``Query`` for how filters combine."""

    async def get(self) -> None:
        query = Query(
            text=self.get_query_argument("q", ""),
            facets={name: self.get_query_arguments(name) for name in FACETS},
            author=self.get_query_argument("author", None),
            sort=self.get_query_argument("sort", "trending"),
            limit=page_limit(self, _LARGEST_PAGE),
            offset=self.whole_number("offset", 0),
            counts=self.query_flag("counts", True),
        )
        page = await self.run(self.hub.search.find, self.actor, query)
        nothing = not page.repos and query.offset == 0 and query.text.strip()
        meant = (
            await self.run(self.hub.suggestions.meant, self.actor, query.text) if nothing else None
        )
        self.reply(
            {
                "items": [_item(repo, page) for repo in page.repos],
                "total": page.total,
                "didYouMean": meant,
                "facets": {
                    name: [
                        {"value": value, "label": _label(name, value), "count": count}
                        for value, count in counts
                    ]
                    for name, counts in page.facets.items()
                },
            }
        )


def _label(facet: str, value: str) -> str:
    return TASKS[value].label if facet == "task" and value in TASKS else value


def _item(repo: Repo, page: SearchPage) -> dict[str, Any]:
    card, tags = repo.card_data, page.tags[repo.pk]
    title = card.get("title") or card.get("pretty_name")
    categories = [tag.partition(":")[2] for tag in tags if tag.startswith("task_categories:")]
    return {
        "id": f"{repo.namespace}/{repo.name}",
        "type": repo.type,
        "author": repo.namespace,
        "name": repo.name,
        "title": title if isinstance(title, str) else None,
        "private": repo.private,
        "task": repo.pipeline_tag or next(iter(categories), None),
        "library": repo.library_name,
        "license": repo.license,
        "languages": [t.removeprefix(_LANGUAGE) for t in tags if t.startswith(_LANGUAGE)],
        "tags": tags,
        "sdk": repo.sdk,
        "likes": repo.likes,
        "liked": repo.pk in page.liked,
        "downloads": repo.downloads,
        "updated": timestamp(repo.updated_at),
        "created": timestamp(repo.created_at),
        "description": _text(card.get("short_description")),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


ROUTES: tuple[Route, ...] = (Route(r"/api/phub/search", SearchHandler),)
