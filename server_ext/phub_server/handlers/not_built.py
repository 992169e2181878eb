"""What the public contract has and this hub does not: an honest 501, or a 404 for the unknown."""

from __future__ import annotations

from phub_jupyter.errors import NotFoundError, NotSupportedError, RepoNotFoundError
from phub_server.base import HubHandler
from phub_server.routing import NAME, NAMESPACE, PLURAL, WEB_PREFIX, Route

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
    """An address that means nothing here, or that of a repository no hub like this can have."""

    def initialize(self, of_repo: bool = False) -> None:
        self._of_repo = of_repo

    async def _miss(self, **_groups: str) -> None:
        if self._of_repo:  # clients look for the code: the file they want is optional
            raise RepoNotFoundError("Repository not found, or you have no access to it.")
        raise NotFoundError(f"{self.request.path} is not an address of this hub.")

    get = head = post = put = patch = delete = _miss


_REPO = rf"/api/{PLURAL}/{NAMESPACE}/{NAME}"
_WITHOUT_OWNER = r"/api/(?:models|datasets)/[^/]+"
_CALLS = r"revision|tree|paths-info|refs|commits|resolve|auth-check|xet-read-token"

ROUTES: tuple[Route, ...] = (
    Route(rf"{_REPO}/parquet(?:/.*)?", NotBuiltHandler),
    Route(r"/api/(?:settings/.*|resolve-cache/.*)", NotBuiltHandler),
    Route(rf"{_WITHOUT_OWNER}(?:/(?:{_CALLS})(?:/.*)?)?", UnknownHandler, {"of_repo": True}),
    Route(rf"{WEB_PREFIX}[^/]+/(?:resolve|raw)/.+", UnknownHandler, {"of_repo": True}),
    Route(r"/.*", UnknownHandler),
)
