"""All tags in use, by kind: what filter menus offer."""

from __future__ import annotations

from phub_jupyter.identifiers import RepoType
from phub_server.base import HubHandler
from phub_server.routing import Route

__all__ = ["ROUTES"]

_KINDS = ("language", "license", "dataset", "base_model", "task_categories", "size_categories")


class TagsHandler(HubHandler):
    """``{type: [{id, label, type}]}`` over the repositories that the caller may see."""

    async def get(self, plural: str) -> None:
        repo_type = RepoType(plural.removesuffix("s"))
        tags = await self.run(self.hub.search.all_tags, self.actor, repo_type)
        by_kind: dict[str, list[dict[str, str]]] = {}
        for tag in tags:
            kind, colon, label = tag.partition(":")
            if not colon or kind not in _KINDS:
                kind, label = "other", tag
            by_kind.setdefault(kind, []).append({"id": tag, "label": label, "type": kind})
        self.reply(by_kind)


ROUTES: tuple[Route, ...] = (Route(r"/api/(?P<plural>models|datasets)-tags-by-type", TagsHandler),)
