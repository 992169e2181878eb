"""The pieces that routes are made of.

Patterns are matched on the raw path, so a revision like ``refs%2Fpr%2F1`` is one segment; tornado
decodes the groups afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phub_server.base import HubHandler

__all__ = ["NAME", "NAMESPACE", "PATH", "PLURAL", "REVISION", "WEB_PREFIX", "Route"]

PLURAL = r"(?P<plural>models|datasets|spaces|kernels)"
NAMESPACE = r"(?P<namespace>[^/]+)"
NAME = r"(?P<name>[^/]+)"
REVISION = r"(?P<revision>[^/]+)"
PATH = r"(?P<path>.+)"
WEB_PREFIX = r"/(?:(?P<plural>datasets|spaces|kernels)/)?"
"""Web and git addresses: models have no prefix (``plural`` is then None)."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table; ``pattern`` starts with ``/`` and is relative to the hub's root."""

    pattern: str
    handler: type[HubHandler]
    kwargs: dict[str, Any] = field(default_factory=dict)
