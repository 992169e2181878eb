"""Sends whoever uses a name that a repository had to the name that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from phub_jupyter.errors import MovedError

if TYPE_CHECKING:
    from phub_server.base import HubHandler

__all__ = ["redirected"]

_GIT = ".git"


def redirected(handler: HubHandler, moved: MovedError) -> str | None:
    """The address of the request with the new name in it; None if the old one is not in its path.

    Everything else stays as the client wrote it: revisions and paths are percent-encoded in ways
    that must not change, and signatures cover the query.
    """
    place = handler.path_kwargs
    name = str(place.get("name", "")).removesuffix(_GIT)
    if f"{place.get('namespace', '')}/{name}".lower() != moved.former.lower():
        return None
    prefix = handler.context.prefix
    segments = handler.request.path[len(prefix) :].split("/")
    at = _find(segments, str(place["namespace"]), name)
    suffix = _GIT if unquote(segments[at + 1]).endswith(_GIT) else ""
    segments[at : at + 2] = f"{moved.name}{suffix}".split("/")
    query = handler.request.query
    return prefix + "/".join(segments) + (f"?{query}" if query else "")


def _find(segments: list[str], namespace: str, name: str) -> int:
    names = [unquote(segment).removesuffix(_GIT) for segment in segments]
    return next(at for at in range(len(names)) if names[at : at + 2] == [namespace, name])
