"""What the public contract has and this hub does not: an honest 501, or a 404 for the unknown."""

from __future__ import annotations

from phub_jupyter.errors import NotFoundError, NotSupportedError
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, PLURAL, Route

__all__ = ["ROUTES"]


class NotBuiltHandler(HubHandler):
    """A call of the public contract that is not built yet; it changes nothing."""

    async def _refuse_all(self, **_groups: str) -> None:
        raise NotSupportedError(
            f"{self.request.method} {self.request.path} is not built yet in this hub; "
            "nothing was changed."
        )

    get = head = post = put = patch = delete = _refuse_all


class UnknownHandler(HubHandler):
    """An address that means nothing here."""

    async def _miss(self, **_groups: str) -> None:
        raise NotFoundError(f"{self.request.path} is not an address of this hub.")

    get = head = post = put = patch = delete = _miss


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/(?:discussions|branch|tag|super-squash|lfs-files)(?:/.*)?", NotBuiltHandler),
    Route(rf"{_REPO}/(?:user-access-request|duplicate|resource-group)(?:/.*)?", NotBuiltHandler),
    Route(rf"{_REPO}/(?:likers|leaderboard|safetensors-metadata|parquet)(?:/.*)?", NotBuiltHandler),
    Route(r"/api/(?:collections|buckets|kernels|users|organizations)(?:/.*)?", NotBuiltHandler),
    Route(r"/api/(?:settings/.*|repos/move|resolve-cache/.*)", NotBuiltHandler),
    Route(r"/(?:oauth/.*|uploads|api/spaces/semantic-search)", NotBuiltHandler),
    Route(r"/.*", UnknownHandler),
)
