"""The hub over HTTP: a Jupyter Server extension, and the same routes as a server of its own."""

from __future__ import annotations

from typing import Any

__all__ = ["_jupyter_server_extension_points"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from phub_server.app import PrivateHubApp

    return [{"module": "phub_server", "app": PrivateHubApp}]
