"""Collections over HTTP, as the public contract has them."""

from __future__ import annotations

from typing import Any

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.access import require_own
from phub_jupyter.hub.catalog.listing import few
from phub_jupyter.hub.collections.collections import CollectionQuery
from phub_jupyter.hub.collections.views import CollectionView, ItemView
from phub_server.base import HubHandler
from phub_server.fields import flag_field, text_field
from phub_server.routing import Route
from phub_server.wire import page_limit, timestamp

__all__ = ["ROUTES"]

_LARGEST_PAGE = 100
_LONGEST_TITLE = 255
_LONGEST_TEXT = 10_000
_THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")


class CollectionsHandler(HubHandler):
    """The collections that the caller may see, and new ones."""

    async def get(self) -> None:
        """Answer one page; each collection shows its first items."""
        after = self.get_query_argument("cursor", None)
        query = CollectionQuery(
            owners=few("owner", self.get_query_arguments("owner")),
            items=few("item", self.get_query_arguments("item")),
            sort=self.get_query_argument("sort", "lastModified"),
            limit=page_limit(self, _LARGEST_PAGE),
            after=None if after is None else self.whole_number("cursor", 0),
        )
        found = await self.run(self.hub.collections.listed, self.actor, query)
        page = found[: query.limit]
        # The client numbers a list itself, and does not expect to be told.
        items = [_without_position(_collection(view)) for view in page]
        more = len(found) > len(page)
        self.reply_page(items, self._next(query, page[-1].row.pk) if more else None)

    async def post(self) -> None:
        """Make a collection; 409 with its address if there is one of that title."""
        require_own(self.actor)
        body = self.json_body()
        view = await self.run(
            self.hub.collections.create,
            self.actor,
            text_field(body, "namespace", 96) or self.actor.name or "",
            _title(body),
            text_field(body, "description", _LONGEST_TEXT) or "",
            flag_field(body, "private") or False,
            text_field(body, "resourceGroupId", 24),
        )
        self.reply(_collection(view))

    def _next(self, query: CollectionQuery, last: int) -> dict[str, Any]:
        return {
            "owner": query.owners,
            "item": query.items,
            "sort": query.sort,
            "limit": query.limit,
            "cursor": last,
        }


class CollectionHandler(HubHandler):
    """One collection, found by the id at the end of its address."""

    async def get(self, slug: str) -> None:
        """Answer the collection with those of its items that the caller may see."""
        self.reply(_collection(await self.run(self.hub.collections.get, self.actor, slug)))

    async def patch(self, slug: str) -> None:
        """Change title, description, position, visibility or theme."""
        body = self.json_body()
        changes: dict[str, Any] = {
            "title": _title(body) if "title" in body else None,
            "description": text_field(body, "description", _LONGEST_TEXT),
            "private": flag_field(body, "private"),
            "theme": _theme(body),
            "position": _position(body),
        }
        changes = {key: value for key, value in changes.items() if value is not None}
        view = await self.run(self.hub.collections.update, self.actor, slug, changes)
        self.reply({"success": True, "data": _collection(view)})

    async def delete(self, slug: str) -> None:
        """Remove the collection."""
        await self.run(self.hub.collections.delete, self.actor, slug)
        self.reply({})


class ItemsHandler(HubHandler):
    """Puts something into a collection."""

    async def post(self, slug: str) -> None:
        """Add a repository or collection at the end; 409 if it is there already."""
        require_own(self.actor)
        body = self.json_body()
        item = body.get("item")
        if not isinstance(item, dict):
            raise InvalidRequestError("item: send an object with id and type.")
        kind, name = text_field(item, "type", 16), text_field(item, "id", 400)
        if not kind or not name:
            raise InvalidRequestError("item: send an object with id and type.")
        note = text_field(body, "note", _LONGEST_TEXT)
        add = self.hub.collections.items.add
        self.reply(_collection(await self.run(add, self.actor, slug, kind, name, note)))


class ItemHandler(HubHandler):
    """Changes one item of a collection."""

    async def patch(self, slug: str, item: str) -> None:
        """Set the note or the place of the item."""
        require_own(self.actor)
        body = self.json_body()
        note = text_field(body, "note", _LONGEST_TEXT)
        update = self.hub.collections.items.update
        await self.run(update, self.actor, slug, item, note, _position(body))
        self.reply({"success": True})

    async def delete(self, slug: str, item: str) -> None:
        """Take the item out."""
        await self.run(self.hub.collections.items.remove, self.actor, slug, item)
        self.reply({})


class GroupHandler(HubHandler):
    """Moves a collection between resource groups."""

    async def post(self, slug: str) -> None:
        """Put the collection into a resource group of its organization; null takes it out."""
        group = text_field(self.json_body(), "resourceGroupId", 24)
        await self.run(self.hub.collections.set_group, self.actor, slug, group)
        self.reply({"resourceGroupId": group})


class UpvoteHandler(HubHandler):
    """Recommends a collection."""

    async def post(self, slug: str) -> None:
        """Recommend it; saying so twice counts once."""
        self.reply({"upvotes": await self._set(slug, True)})

    async def delete(self, slug: str) -> None:
        """Take the recommendation back."""
        self.reply({"upvotes": await self._set(slug, False)})

    async def _set(self, slug: str, wanted: bool) -> int:
        return await self.run(self.hub.collections.upvote, self.actor, slug, wanted)


def _collection(view: CollectionView) -> dict[str, Any]:
    row = view.row
    return {
        "slug": view.slug,
        "title": row.title,
        "description": row.description or None,
        "owner": {"name": view.owner.name, "type": view.owner.kind, "_id": view.owner.uid},
        "items": [_item(item) for item in view.items],
        "lastUpdated": timestamp(row.updated_at),
        "position": row.position,
        "private": row.private,
        "theme": row.theme,
        "upvotes": row.upvotes,
        "gating": False,
    }


def _item(view: ItemView) -> dict[str, Any]:
    item = view.item
    body: dict[str, Any] = {"_id": item.uid, "position": item.position}
    if item.note is not None:
        body["note"] = {"text": item.note}
    if view.repo is not None:
        repo = view.repo
        return body | {
            "id": f"{repo.namespace}/{repo.name}",
            "type": repo.type,
            "author": repo.namespace,
            "private": repo.private,
            "likes": repo.likes,
            "downloads": repo.downloads,
            "lastModified": timestamp(repo.updated_at),
        }
    child = view.collection
    assert child is not None
    return body | {
        "id": child.row.uid,
        "type": "collection",
        "slug": child.slug,
        "title": child.row.title,
        "lastUpdated": timestamp(child.row.updated_at),
    }


def _without_position(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "position"}


def _title(body: dict[str, Any]) -> str:
    title = (text_field(body, "title", _LONGEST_TITLE) or "").strip()
    if not title:
        raise InvalidRequestError("title: send a text.")
    return title


def _theme(body: dict[str, Any]) -> str | None:
    theme = text_field(body, "theme", 16)
    if theme is not None and theme not in _THEMES:
        raise InvalidRequestError(f"theme: '{theme}' is not one of {', '.join(_THEMES)}.")
    return theme


def _position(body: dict[str, Any]) -> int | None:
    value = body.get("position")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 100_000:
        raise InvalidRequestError("position: send a whole number from 0 up.")
    return value


_SLUG = r"/api/collections/(?P<slug>(?:[^/]+/)?[^/]*[0-9a-f]{24})"

ROUTES: tuple[Route, ...] = (
    Route(r"/api/collections", CollectionsHandler),
    Route(rf"{_SLUG}/items", ItemsHandler),
    Route(rf"{_SLUG}/items/(?P<item>[^/]+)", ItemHandler),
    Route(rf"{_SLUG}/resource-group", GroupHandler),
    Route(rf"{_SLUG}/upvote", UpvoteHandler),
    Route(_SLUG, CollectionHandler),
)
