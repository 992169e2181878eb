"""The public listings: models, datasets and Spaces, filtered, sorted, page by page."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError, NotSupportedError
from phub_jupyter.hub.catalog.listing import Listing
from phub_jupyter.hub.catalog.ordering import Order
from phub_jupyter.hub.database.tables import Repo
from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.descriptions import Facts, describe, expand_keys, listed_keys
from phub_server.result_bodies import result_body
from phub_server.routing import PLURAL, Route
from phub_server.wire import page_limit

__all__ = ["ROUTES"]

_LARGEST_PAGE = 1000


class ListingHandler(HubHandler):
    """One page of the repositories of a type that the caller may read."""

    async def get(self, plural: str) -> None:
        repo_type = RepoType(plural.removesuffix("s"))
        keys = self.get_query_arguments("expand") + self.get_query_arguments("expand[]")
        wanted = expand_keys(repo_type, keys) if keys else self._default_keys(repo_type)
        listing = self._listing("siblings" in wanted)
        items, after = await self.run(self._page, repo_type, listing, wanted)
        self.reply_page(items, None if after is None else self._next(listing, after))

    def _page(
        self, repo_type: RepoType, listing: Listing, wanted: frozenset[str]
    ) -> tuple[list[dict[str, Any]], str | None]:
        repos = self.hub.search.listing(self.actor, repo_type, listing)
        page = repos[: listing.limit]
        tags = self.hub.search.tags(repo.pk for repo in page)
        results = self._results(page, wanted)
        items = [
            describe(
                repo, self._facts(repo, listing, tags, results.get(repo.pk, {}), wanted), wanted
            )
            for repo in page
        ]
        more = len(repos) > len(page)
        return items, Order.parse(listing.sort).cursor(page[-1]) if more else None

    def _results(
        self, page: list[Repo], wanted: frozenset[str]
    ) -> dict[int, dict[str, list[dict[str, Any]]]]:
        """What the models of a page scored, if that is asked for."""
        if "evalResults" not in wanted:
            return {}
        found = self.hub.eval_results.of_models(repo.pk for repo in page)
        return {pk: {"evalResults": list(map(result_body, rows))} for pk, rows in found.items()}

    def _facts(
        self,
        repo: Repo,
        listing: Listing,
        tags: dict[int, list[str]],
        extra: dict[str, Any],
        wanted: frozenset[str],
    ) -> Facts:
        files = [{"rfilename": path} for path in repo.files] if listing.with_files else None
        stage = self.hub.spaces.state(repo).stage if repo.type == RepoType.SPACE else None
        hardware = None
        if stage is not None and "runtime" in wanted:
            given = self.hub.spaces.environments.read(repo.uid)
            hardware = self.hub.spaces.hardware_of(repo, given)
        return Facts(tags[repo.pk], None, files, stage, hardware, extra)

    def _default_keys(self, repo_type: RepoType) -> frozenset[str]:
        flags = [self.query_flag(name) for name in ("full", "cardData", "config")]
        return listed_keys(repo_type, *flags)

    def _listing(self, with_files: bool) -> Listing:
        if self.get_query_arguments("apps"):
            raise NotSupportedError("apps: this hub does not know which apps run a model.")
        inference = self.get_query_argument("inference", None)
        if inference not in (None, "warm"):
            raise InvalidRequestError(f"inference: '{inference}' is not known; use warm.")
        return Listing(
            search=self.get_query_arguments("search"),
            author=self.get_query_argument("author", None),
            filters=self._filters(),
            pipeline_tag=self.get_query_argument("pipeline_tag", None),
            gated=self.query_flag("gated") if self.get_query_argument("gated", "") else None,
            num_parameters=self.get_query_argument("num_parameters", None),
            warm=inference is not None,
            providers=self.get_query_arguments("inference_provider"),
            models=self.get_query_arguments("models"),
            datasets=self.get_query_arguments("datasets"),
            linked=self.query_flag("linked"),
            sort=self.get_query_argument("sort", "trendingScore"),
            limit=page_limit(self, _LARGEST_PAGE),
            after=self.get_query_argument("cursor", None),
            offset=self.whole_number("skip", 0),
            with_files=with_files,
        )

    def _filters(self) -> list[str]:
        texts = self.get_query_arguments("filter")
        tags = [tag.strip() for text in texts for tag in text.split(",")]
        return [tag for tag in tags if tag]

    def _next(self, listing: Listing, after: str) -> dict[str, Any]:
        query: dict[str, Any] = {
            key: self.get_query_arguments(key, strip=False) for key in self.request.query_arguments
        }
        query.pop("skip", None)  # the cursor stands behind what was skipped
        return {**query, "limit": listing.limit, "cursor": after}


ROUTES: tuple[Route, ...] = (Route(rf"/api/{PLURAL}", ListingHandler),)
