"""Passes of callers, kept where replicas that start at any time find them.

What a deployment is configured with can be read in the dashboard and in logs, so no pass is part
of it. An actor's memory is neither shown nor written down.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["NAMESPACE", "PassBoard", "pass_for", "post_pass"]

NAMESPACE = "phub"
_MOST = 256


class PassBoard:
    """The newest pass for each repository."""

    def __init__(self) -> None:
        self._passes: dict[str, str] = {}

    def put(self, repo: str, ticket: str) -> None:
        """Replace the pass of a repository."""
        self._passes.pop(repo, None)
        self._passes[repo] = ticket
        while len(self._passes) > _MOST:
            del self._passes[next(iter(self._passes))]

    def get(self, repo: str) -> str | None:
        """The pass of a repository, which may have expired."""
        return self._passes.get(repo)


def post_pass(board: str, repo: str, ticket: str) -> None:
    """Leave a pass on the board, which is made if there is none."""
    ray: Any = import_module("ray")
    actor = ray.remote(PassBoard).options(
        name=board,
        namespace=NAMESPACE,
        num_cpus=0,
        lifetime="detached",
        max_restarts=-1,
        get_if_exists=True,
    )
    ray.get(actor.remote().put.remote(repo, ticket))


def pass_for(board: str, repo: str) -> str | None:
    """The pass that was left for a repository."""
    ray: Any = import_module("ray")
    try:
        found: str | None = ray.get(ray.get_actor(board, namespace=NAMESPACE).get.remote(repo))
    except (ValueError, ray.exceptions.RayError):  # nobody has left one, or the board was lost
        return None
    return found
