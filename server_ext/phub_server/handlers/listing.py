"""The public listings: models, datasets and Spaces, filtered, sorted, page by page."""

from __future__ import annotations

from typing import Any

from phub_jupyter.hub.catalog.search import Listing
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.descriptions import Facts, describe, expand_keys, listed_keys
from phub_server.routing import PLURAL, Route
from phub_server.wire import page_limit

__all__ = ["ROUTES"]

_LARGEST_PAGE = 1000


class ListingHandler(HubHandler):
    """One page of the repositories of a type that the caller may read."""

    async def get(self, plural: str) -> None:
        repo_type = RepoType(plural.removesuffix("s"))
        keys = self.get_query_arguments("expand") + self.get_query_arguments("expand[]")
        wanted = expand_keys(repo_type, keys) if keys else self._default_keys()
        listing = self._listing()
        repos = await self.run(self.hub.search.listing, self.actor, repo_type, listing)
        page = repos[: listing.limit]
        tags = await self.run(self.hub.search.tags, [repo.pk for repo in page])
        items = [describe(repo, Facts(tags=tags[repo.pk]), wanted) for repo in page]
        self.reply_page(items, self._next(listing) if len(repos) > len(page) else None)

    def _default_keys(self) -> frozenset[str]:
        return listed_keys(
            self.query_flag("full"), self.query_flag("cardData"), self.query_flag("config")
        )

    def _listing(self) -> Listing:
        filters = [
            tag
            for text in self.get_query_arguments("filter")
            for tag in text.split(",")
            if tag.strip()
        ]
        filters += [f"dataset:{name}" for name in self.get_query_arguments("trained_dataset")]
        return Listing(
            search=self.get_query_arguments("search"),
            author=self.get_query_argument("author", None),
            filters=filters,
            pipeline_tag=self.get_query_argument("pipeline_tag", None),
            sort=self.get_query_argument("sort", "trendingScore"),
            limit=page_limit(self, _LARGEST_PAGE),
            offset=self.whole_number("skip", 0),
        )

    def _next(self, listing: Listing) -> dict[str, Any]:
        query: dict[str, Any] = {
            key: self.get_query_arguments(key) for key in self.request.query_arguments
        }
        return {**query, "limit": listing.limit, "skip": listing.offset + listing.limit}


ROUTES: tuple[Route, ...] = (Route(rf"/api/{PLURAL}", ListingHandler),)
